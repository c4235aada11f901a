// What the first tail of a compound page says of its head: the order, and whether it is hugetlb.
// The part of struct page that changed most often. Source: include/linux/mm_types.h (struct folio),
// mm.h (compound_order), hugetlb.h.
#pragma once

#include "filter/kernel/memory/page_layout.h"

namespace kdump {

// Fills in the order and the hugetlb mark. The rest of `layout` must be decoded already.
// page_size: of the machine. If a kind of page cannot be recognised its pages are kept, and the
// missing keys are named in `warnings`.
void decode_compound_layout(const Vmcoreinfo& info, uint32_t page_size, PageLayout& layout,
                            std::vector<std::string>& warnings);

}  // namespace kdump
