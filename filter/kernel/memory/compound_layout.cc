#include "filter/kernel/memory/compound_layout.h"

namespace kdump {
namespace {

// Huge pages are at most 16 GiB (ppc64), and no order is above 22; makedumpfile's "below 64" lets
// one corrupt head drop all memory.
constexpr uint32_t kMaxCompoundOrder = 22;
constexpr uint64_t kMaxCompoundBytes = 16ull << 30;
// From ebc1baf5c9b4 on this much of the first tail's flags is the order.
constexpr unsigned kOrderBits = 8;
// HUGETLB_PAGE_DTOR in every kernel that has it; 1 would be any compound page.
constexpr int64_t kHugetlbDestructor = 2;
constexpr uint64_t kKernelHalf = 1ull << 63;

// Where in the second struct page of a folio a field of `bytes` lies, by a key that counts from the
// folio's beginning, or from the second struct page's. Apart from flags and compound_head, which
// every tail has.
std::optional<uint32_t> in_first_tail(std::optional<uint64_t> offset, uint64_t begin,
                                      uint32_t bytes, const PageLayout& layout) {
  if (!offset || *offset < begin || *offset - begin > layout.size - bytes) return std::nullopt;
  const auto at = static_cast<uint32_t>(*offset - begin);
  for (const uint32_t taken : {layout.flags, layout.compound_head})
    if (at >= taken && at < taken + sizeof(uint64_t)) return std::nullopt;
  return at;
}

std::optional<uint32_t> find_order(const Vmcoreinfo& info, const PageLayout& layout) {
  // 1c5509be58f6 ("mm: remove 'First tail page' members from struct page", v6.3): in struct folio.
  if (info.value("OFFSET(folio._folio_order)"))
    return in_first_tail(info.offset("folio._folio_order"), layout.size, 1, layout);
  if (info.value("OFFSET(page.compound_order)"))
    return in_first_tail(info.offset("page.compound_order"), 0, 1, layout);
  // Each release that has destructors exports both.
  if (info.value("OFFSET(folio._folio_dtor)") || info.value("OFFSET(page.compound_dtor)"))
    return std::nullopt;
  // ebc1baf5c9b4 ("mm: free up a word in the first tail page", v6.6): the low byte of its flags.
  return layout.flags;
}

// Until d99e3140a4d3 ("mm: turn folio_test_hugetlb into a PageType", v6.9) the first tail marked
// hugetlb: by a flag, by the number of a destructor, or by its address.
void decode_hugetlb(const Vmcoreinfo& info, PageLayout& layout) {
  // 9c5ccf2db04b ("mm: remove HUGETLB_PAGE_DTOR", v6.6). Below it is the order.
  if (const auto bit = info.number("PG_hugetlb"); bit && *bit >= kOrderBits && *bit < 64) {
    layout.hugetlb_tail = layout.flags;
    layout.hugetlb_tail_mask = layout.hugetlb_tail_value = 1ull << *bit;
    return;
  }
  auto at = in_first_tail(info.offset("folio._folio_dtor"), layout.size, 8, layout);
  if (!at) at = in_first_tail(info.offset("page.compound_dtor"), 0, 8, layout);
  if (!at || *at == layout.compound_order) return;
  const auto number = info.number("HUGETLB_PAGE_DTOR");
  const auto address = info.symbol("free_huge_page");
  if (number == kHugetlbDestructor) {
    layout.hugetlb_tail = *at;
    layout.hugetlb_tail_mask = 0xff;
    layout.hugetlb_tail_value = kHugetlbDestructor;
  } else if (!number && address && *address & kKernelHalf) {
    // Before f1e61557f023 ("mm: pack compound_dtor and compound_order into one word in struct
    // page", v4.4).
    layout.hugetlb_tail = *at;
    layout.hugetlb_tail_mask = ~uint64_t{0};
    layout.hugetlb_tail_value = *address;
  }
}

}  // namespace

void decode_compound_layout(const Vmcoreinfo& info, uint32_t page_size, PageLayout& layout,
                            std::vector<std::string>& warnings) {
  if (const auto order = find_order(info, layout)) {
    layout.compound_order = *order;
    layout.max_compound_order = kMaxCompoundOrder;
    while ((uint64_t{page_size} << layout.max_compound_order) > kMaxCompoundBytes)
      --layout.max_compound_order;
  } else {
    warnings.push_back(
        "vmcoreinfo lacks a usable OFFSET(folio._folio_order) or OFFSET(page.compound_order): tails"
        " of compound pages are kept");
  }
  if (layout.type_hugetlb == PageLayout::kNoType) decode_hugetlb(info, layout);
  if (layout.type_hugetlb == PageLayout::kNoType && !layout.hugetlb_tail_mask)
    warnings.push_back(
        "vmcoreinfo lacks a usable mark of hugetlb pages: NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE),"
        " NUMBER(PG_hugetlb), or NUMBER(HUGETLB_PAGE_DTOR) with OFFSET(folio._folio_dtor) or"
        " OFFSET(page.compound_dtor), apart from OFFSET(folio._folio_order) or"
        " OFFSET(page.compound_order): they are kept");
}

}  // namespace kdump
