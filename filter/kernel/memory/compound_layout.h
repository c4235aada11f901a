// Decodes the layout of the first tail of a compound page, which holds the order of the page and
// marks hugetlb. Kernels changed this part of struct page most often. Source:
// include/linux/mm_types.h (struct folio), mm.h (compound_order), hugetlb.h.
#pragma once

#include "filter/kernel/memory/page_layout.h"

namespace kdump {

// Fills in the fields of `layout` for the order and the hugetlb mark; its other fields must be
// decoded already. page_size: of the machine, bytes. If a key is missing, pages of that kind are
// kept and a warning names the key.
void decode_compound_layout(const Vmcoreinfo& info, uint32_t page_size, PageLayout& layout,
                            std::vector<std::string>& warnings);

}  // namespace kdump
