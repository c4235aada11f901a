#include "filter/kernel/page_layout.h"

#include <algorithm>

#include "filter/base/text.h"

namespace kdump {
namespace {

// Huge pages are at most 16 GiB (ppc64), and no order is above 22; makedumpfile's "below 64" lets
// one corrupt head drop all memory.
constexpr uint32_t kMaxCompoundOrder = 22;
constexpr uint64_t kMaxCompoundBytes = 16ull << 30;
// MAX_ORDER is 11 nearly everywhere, configurable up to 64 KiB pages' 14; arm64 allows more.
constexpr uint64_t kMaxBuddyOrders = 23;

struct FieldRow {
  uint32_t PageLayout::*offset;
  std::string_view key, other_key;  // OFFSET(key); other_key: its name in other releases
  uint32_t bytes;
};
constexpr FieldRow kFields[] = {
    {&PageLayout::flags, "page.flags", {}, 8},
    {&PageLayout::refcount, "page._refcount", "page._count", 4},  // renamed in v4.6
    {&PageLayout::mapping, "page.mapping", {}, 8},
    {&PageLayout::mapcount, "page._mapcount", {}, 4},
    {&PageLayout::private_data, "page.private", {}, 8},
    {&PageLayout::compound_head, "page.compound_head", "page.compound_info", 8},  // v7.1
};

struct FlagRow {
  uint64_t PageLayout::*mask;
  std::string_view number;  // NUMBER(PG_…), a bit's index
};
constexpr FlagRow kFlags[] = {
    {&PageLayout::lru, "PG_lru"},
    {&PageLayout::slab, "PG_slab"},
    {&PageLayout::hwpoison, "PG_hwpoison"},
    {&PageLayout::has_private, "PG_private"},
};

// page->_mapcount doubles as the page type. Compare whole values: since 4ffca5a96678 ("mm: support
// only one page_type per page", v6.12) they are numbers, not masks.
struct TypeRow {
  uint64_t PageLayout::*value;
  std::string_view number;  // NUMBER(…)
  const char* since;        // documentation only
};
constexpr TypeRow kTypes[] = {
    {&PageLayout::type_buddy, "PAGE_BUDDY_MAPCOUNT_VALUE", "v3.12"},
    {&PageLayout::type_offline, "PAGE_OFFLINE_MAPCOUNT_VALUE", "v5.1"},
    {&PageLayout::type_hugetlb, "PAGE_HUGETLB_MAPCOUNT_VALUE", "v6.9"},
    {&PageLayout::type_slab, "PAGE_SLAB_MAPCOUNT_VALUE", "v6.10"},
    {&PageLayout::type_unaccepted, "PAGE_UNACCEPTED_MAPCOUNT_VALUE", "v6.16"},
};

class Decoder {
 public:
  Decoder(const Vmcoreinfo& info, uint32_t page_size, std::vector<std::string>& warnings)
      : info_(info), page_size_(page_size), warnings_(warnings) {}

  Result<PageLayout> decode() {
    const auto size = info_.size("page");
    if (!size) return fail(Kind::unsupported, "vmcoreinfo lacks SIZE(page)");
    if (*size < kMinStructPage || *size > kMaxStructPage || *size % 8 != 0)
      return fail(Kind::corrupt, "SIZE(page)=%" PRIu64 " in vmcoreinfo cannot be", *size);
    layout_.size = static_cast<uint32_t>(*size);
    for (const FieldRow& row : kFields) layout_.*row.offset = field(row).value_or(0);
    if (!field(kFields[0]))
      return fail(Kind::unsupported, "vmcoreinfo lacks a usable OFFSET(page.flags)");
    for (const FlagRow& row : kFlags) layout_.*row.mask = flag(row.number);
    for (const TypeRow& row : kTypes) layout_.*row.value = type(row.number);
    decode_swap_cache();
    decode_order();
    decode_hugetlb();
    switch_off_what_lacks_keys();
    return layout_;
  }

 private:
  std::optional<uint32_t> usable_offset(std::string_view key, uint32_t bytes) const {
    const auto offset = info_.offset(key);
    if (!offset || *offset > layout_.size || layout_.size - *offset < bytes) return std::nullopt;
    return static_cast<uint32_t>(*offset);
  }

  std::optional<uint32_t> field(const FieldRow& row) const {
    const auto offset = usable_offset(row.key, row.bytes);
    return offset || row.other_key.empty() ? offset : usable_offset(row.other_key, row.bytes);
  }

  bool has(uint32_t PageLayout::*offset) const {
    const auto row = std::ranges::find(kFields, offset, &FieldRow::offset);
    return field(*row).has_value();
  }

  uint64_t flag(std::string_view number) const {
    const auto bit = info_.number(number);
    return bit && *bit >= 0 && *bit < 64 ? 1ull << *bit : 0;
  }

  uint64_t type(std::string_view number) const {
    const auto value = info_.number(number);
    // An int in the kernel, printed as a long: -129 as well as 0xf0000000.
    return value ? static_cast<uint32_t>(*value) : PageLayout::kNoType;
  }

  // Since v4.10 PG_swapcache shares its bit with PG_owner_priv_1 and means the swap cache only
  // together with PG_swapbacked (6326fec1122c, "mm: Use owner_priv bit for PageSwapCache").
  void decode_swap_cache() {
    const uint64_t swapcache = flag("PG_swapcache");
    if (!swapcache) return;
    layout_.swap_mask = layout_.swap_value = swapcache | flag("PG_swapbacked");
  }

  // Where a compound page's order is: in fields of the first tail until v6.5, since then in the low
  // byte of the first tail's flags (ebc1baf5c9b4, "mm: free up a word in the first tail page").
  void decode_order() {
    // A mask, not a bit's index.
    layout_.head = static_cast<uint64_t>(info_.number("PG_head_mask").value_or(0));
    layout_.compound_order = layout_.flags;
    if (const auto in_tail = folio_offset("folio._folio_order", 1))
      layout_.compound_order = *in_tail;
    else if (const auto in_page = usable_offset("page.compound_order", 1))
      layout_.compound_order = *in_page;
    layout_.max_compound_order = kMaxCompoundOrder;
    while ((uint64_t{page_size_} << layout_.max_compound_order) > kMaxCompoundBytes)
      --layout_.max_compound_order;
  }

  // An offset in struct folio that falls into its second struct page.
  std::optional<uint32_t> folio_offset(std::string_view key, uint32_t bytes) const {
    const auto offset = info_.offset(key);
    if (!offset || *offset < layout_.size || *offset - layout_.size > layout_.size - bytes)
      return std::nullopt;
    return static_cast<uint32_t>(*offset - layout_.size);
  }

  // Before hugetlb was a page type, the first tail said it: by a flag (v6.6 to v6.8), by a
  // destructor's number, or by its address.
  void decode_hugetlb() {
    if (layout_.type_hugetlb != PageLayout::kNoType) return;
    if (const uint64_t bit = flag("PG_hugetlb")) {
      set_hugetlb_tail(layout_.flags, bit, bit);
      return;
    }
    auto dtor = folio_offset("folio._folio_dtor", 8);
    if (!dtor) dtor = usable_offset("page.compound_dtor", 8);
    if (!dtor) return;
    if (const auto id = info_.number("HUGETLB_PAGE_DTOR"))
      set_hugetlb_tail(*dtor, 0xff, static_cast<uint64_t>(*id));
    else if (const auto address = info_.symbol("free_huge_page"))
      set_hugetlb_tail(*dtor, ~uint64_t{0}, *address);
  }

  void set_hugetlb_tail(uint32_t offset, uint64_t mask, uint64_t value) {
    layout_.hugetlb_tail = offset;
    layout_.hugetlb_tail_mask = mask;
    layout_.hugetlb_tail_value = value;
  }

  bool missing(bool is_missing, const char* keys, const char* consequence) {
    if (is_missing)
      warnings_.push_back(text("vmcoreinfo lacks a usable %s: %s", keys, consequence));
    return is_missing;
  }

  void keep_user() {
    layout_.anon_bit = 0;
    layout_.type_hugetlb = PageLayout::kNoType;
    set_hugetlb_tail(0, 0, 1);
  }
  void keep_cache() { layout_.lru = layout_.swap_mask = 0, layout_.swap_value = 1; }
  void keep_free() { layout_.type_buddy = layout_.type_unaccepted = PageLayout::kNoType; }

  // A rule that lacks a key it depends on must not exclude anything.
  void switch_off_what_lacks_keys() {
    layout_.anon_bit = layout_.tail_bit = 1;
    layout_.refcount_mask = has(&PageLayout::refcount) ? 0xffff'ffff : 0;

    if (missing(!has(&PageLayout::mapcount), "OFFSET(page._mapcount)",
                "free and offline pages are kept"))
      for (const TypeRow& row : kTypes) layout_.*row.value = PageLayout::kNoType;
    else if (missing(layout_.type_buddy == PageLayout::kNoType, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)",
                     "free pages are kept"))
      keep_free();
    if (missing(!has(&PageLayout::private_data), "OFFSET(page.private)", "free pages are kept"))
      keep_free();
    const uint64_t orders = info_.length("zone.free_area").value_or(0);
    if (missing(orders == 0 || orders > kMaxBuddyOrders, "LENGTH(zone.free_area)",
                "free pages are kept"))
      keep_free();
    else
      layout_.buddy_orders = static_cast<uint32_t>(orders);

    // A slab page can look anonymous (its list overlays mapping since v6.2) and its counters can
    // look like a page type.
    if (missing(!layout_.slab && layout_.type_slab == PageLayout::kNoType,
                "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE) or NUMBER(PG_slab)",
                "free, offline and user pages are kept")) {
      keep_free();
      keep_user();
      layout_.type_offline = PageLayout::kNoType;
    }
    // The kernel tells slab by one of them, and the other's bit may then mean something else.
    if (layout_.type_slab != PageLayout::kNoType) layout_.slab = 0;

    // A tail's fields overlay others: taken for an ordinary page it can look anonymous or cached.
    if (missing(!has(&PageLayout::compound_head), "OFFSET(page.compound_head) or compound_info",
                "page cache and user pages are kept")) {
      layout_.tail_bit = layout_.head = 0;
      keep_cache();
      keep_user();
    } else if (missing(!layout_.head, "NUMBER(PG_head_mask)", "tails of compound pages are kept")) {
      layout_.head = 0;
    }
    if (missing(!has(&PageLayout::mapping), "OFFSET(page.mapping)",
                "page cache and user pages are kept")) {
      keep_cache();
      layout_.anon_bit = 0;
    }
    missing(!layout_.lru && !layout_.swap_mask, "NUMBER(PG_lru)", "page cache is kept");
    if (missing(!layout_.has_private, "NUMBER(PG_private)",
                "page cache is taken for cache with private data"))
      layout_.has_private = ~uint64_t{0};
    missing(!layout_.hwpoison, "NUMBER(PG_hwpoison)", "poisoned pages are read");
    missing(layout_.type_hugetlb == PageLayout::kNoType && !layout_.hugetlb_tail_mask,
            "mark of hugetlb pages", "they are kept");
  }

  const Vmcoreinfo& info_;
  uint32_t page_size_;
  std::vector<std::string>& warnings_;
  PageLayout layout_;
};

}  // namespace

Result<PageLayout> PageLayout::decode(const Vmcoreinfo& info, uint32_t page_size,
                                      std::vector<std::string>& warnings) {
  return Decoder(info, page_size, warnings).decode();
}

}  // namespace kdump
