#include "filter/kernel/memory/page_layout.h"

#include <algorithm>
#include <bit>

#include "filter/base/text.h"
#include "filter/kernel/memory/compound_layout.h"

namespace kdump {
namespace {

// MAX_ORDER is 11 nearly everywhere, configurable up to 64 KiB pages' 14; arm64 allows more.
constexpr uint64_t kMaxBuddyOrders = 23;

// The fields lie apart from each other in every kernel: what they share is with others, that are
// not looked at here.
struct FieldRow {
  uint32_t PageLayout::*offset;
  std::string_view key, other_key;  // OFFSET(key); other_key: its name in other releases
  uint32_t bytes;                   // and its alignment
};
constexpr FieldRow kFields[] = {
    {&PageLayout::flags, "page.flags", {}, 8},
    // 0139aa7b7fa1 ("mm: rename _count, field of the struct page, to _refcount", v4.7)
    {&PageLayout::refcount, "page._refcount", "page._count", 4},
    {&PageLayout::mapping, "page.mapping", {}, 8},
    {&PageLayout::mapcount, "page._mapcount", {}, 4},
    {&PageLayout::private_data, "page.private", {}, 8},
    // d50569612c29 ("mm: rename the 'compound_head' field in the 'struct page' to
    // 'compound_info'", v7.1): bit 0 still says tail, the rest may be a mask.
    {&PageLayout::compound_head, "page.compound_head", "page.compound_info", 8},
};

// Each its own bit of page->flags. Where slab is one: until 46df8e73a4a3 ("mm: free up PG_slab",
// v6.10) made it a page type.
struct FlagRow {
  uint64_t PageLayout::*mask;  // nullptr: see decode_swap_cache()
  std::string_view number;     // NUMBER(PG_…), a bit's index
};
constexpr FlagRow kFlags[] = {
    {&PageLayout::lru, "PG_lru"},
    {&PageLayout::slab, "PG_slab"},
    {&PageLayout::hwpoison, "PG_hwpoison"},
    {&PageLayout::has_private, "PG_private"},
    {nullptr, "PG_swapcache"},
    {nullptr, "PG_swapbacked"},
};

// page->_mapcount doubles as the page type. Compare whole values: since 4ffca5a96678 ("mm: support
// only one page_type per page", v6.12) they are numbers, not masks.
struct TypeRow {
  uint64_t PageLayout::*value;
  std::string_view number;  // NUMBER(…)
};
constexpr TypeRow kTypes[] = {
    {&PageLayout::type_buddy, "PAGE_BUDDY_MAPCOUNT_VALUE"},      // exported since v3.12
    {&PageLayout::type_offline, "PAGE_OFFLINE_MAPCOUNT_VALUE"},  // since v5.1
    // d99e3140a4d3 ("mm: turn folio_test_hugetlb into a PageType", v6.9)
    {&PageLayout::type_hugetlb, "PAGE_HUGETLB_MAPCOUNT_VALUE"},
    // 46df8e73a4a3 ("mm: free up PG_slab", v6.10)
    {&PageLayout::type_slab, "PAGE_SLAB_MAPCOUNT_VALUE"},
    {&PageLayout::type_unaccepted, "PAGE_UNACCEPTED_MAPCOUNT_VALUE"},  // since v6.16
};

// A number in the highest byte; before 4ffca5a96678 a flag that is clear among ones.
bool is_type_number(uint64_t bits) { return (bits & 0xff'ffff) == 0; }
bool is_type_flag(uint64_t bits) { return std::has_single_bit(~bits & 0xffff'ffff); }

class Decoder {
 public:
  Decoder(const Vmcoreinfo& info, uint32_t page_size, std::vector<std::string>& warnings)
      : info_(info), page_size_(page_size), warnings_(warnings) {}

  Result<PageLayout> decode() {
    const auto size = info_.size("page");
    if (!size) return fail(Kind::unsupported, "vmcoreinfo lacks SIZE(page)");
    if (*size < kMinStructPage || *size > kMaxStructPage || *size % 8 != 0)
      return fail(Kind::corrupt, "SIZE(page)=%" PRIu64 " in vmcoreinfo is out of range", *size);
    layout_.size = static_cast<uint32_t>(*size);
    TRY(decode_fields());
    TRY(decode_flags());
    TRY(decode_types());
    decode_compound_layout(info_, page_size_, layout_, warnings_);
    switch_off_what_lacks_keys();
    return layout_;
  }

 private:
  bool fits(uint64_t offset, uint32_t bytes) const {
    return offset <= layout_.size && layout_.size - offset >= bytes;
  }

  std::optional<uint32_t> field(const FieldRow& row) const {
    auto offset = info_.offset(row.key);
    if (!offset && !row.other_key.empty()) offset = info_.offset(row.other_key);
    if (!offset || !fits(*offset, row.bytes) || *offset % row.bytes != 0) return std::nullopt;
    return static_cast<uint32_t>(*offset);
  }

  // The name that this kernel has for it.
  std::string_view key_of(const FieldRow& row) const {
    return row.other_key.empty() || info_.offset(row.key) ? row.key : row.other_key;
  }

  bool has(uint32_t PageLayout::*offset) const {
    const auto row = std::ranges::find(kFields, offset, &FieldRow::offset);
    return field(*row).has_value();
  }

  Result<> decode_fields() {
    for (const FieldRow& row : kFields) {
      const auto offset = field(row);
      if (!offset) continue;
      layout_.*row.offset = *offset;
      for (const FieldRow& other : std::span(kFields, static_cast<size_t>(&row - kFields))) {
        const auto taken = field(other);
        if (taken && *offset < *taken + other.bytes && *taken < *offset + row.bytes)
          return fail(Kind::corrupt, "OFFSET(%s)=%u and OFFSET(%s)=%u in vmcoreinfo overlap",
                      key_of(row).data(), *offset, key_of(other).data(), *taken);
      }
    }
    if (!has(&PageLayout::flags))
      return fail(Kind::unsupported, "vmcoreinfo lacks a usable OFFSET(page.flags)");
    return {};
  }

  // Bit 0 is PG_locked in every kernel.
  uint64_t flag(std::string_view number) const {
    const auto bit = info_.number(number);
    return bit && *bit > 0 && *bit < 64 ? 1ull << *bit : 0;
  }

  Result<> decode_flags() {
    // A mask of one bit, not a bit's index.
    const auto head = static_cast<uint64_t>(info_.number("PG_head_mask").value_or(0));
    if (std::has_single_bit(head)) layout_.head = head;
    for (const FlagRow& row : kFlags) {
      const uint64_t bit = flag(row.number);
      if (row.mask) layout_.*row.mask = bit;
      std::string_view same = bit & layout_.head ? "PG_head_mask" : std::string_view();
      for (const FlagRow& other : std::span(kFlags, static_cast<size_t>(&row - kFlags)))
        if (bit & flag(other.number)) same = other.number;
      if (!same.empty())
        return fail(Kind::corrupt, "NUMBER(%s) and NUMBER(%s) in vmcoreinfo are the same flag",
                    row.number.data(), same.data());
    }
    // Since 6326fec1122c ("mm: Use owner_priv bit for PageSwapCache, valid when PageSwapBacked",
    // v4.10) PG_swapcache's bit has other meanings too, such as a page table that Xen has pinned.
    // PG_swapbacked is exported since v4.17.
    const uint64_t swapcache = flag("PG_swapcache"), swapbacked = flag("PG_swapbacked");
    if (swapcache && swapbacked) layout_.swap_mask = layout_.swap_value = swapcache | swapbacked;
    return {};
  }

  // All types of a kernel are of one kind, that of the first.
  bool is_page_type(int32_t value) const {
    const auto bits = static_cast<uint32_t>(value);
    const uint64_t buddy = layout_.type_buddy == PageLayout::kNoType ? bits : layout_.type_buddy;
    return value < kMinMapcount && ((is_type_number(bits) && is_type_number(buddy)) ||
                                    (is_type_flag(bits) && is_type_flag(buddy)));
  }

  Result<> decode_types() {
    for (const TypeRow& row : kTypes) {
      if (!info_.value(text("NUMBER(%s)", row.number.data()))) continue;
      const int64_t number = info_.number(row.number).value_or(0);
      const auto value = static_cast<int32_t>(number);
      // An int in the kernel, printed as a long: -129 as well as 0xf0000000.
      const bool is_int = number == value || number == static_cast<uint32_t>(value);
      if (!is_int || !is_page_type(value)) {
        warnings_.push_back(
            text("NUMBER(%s) in vmcoreinfo is no page type, or is not like"
                 " NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE): such pages are kept",
                 row.number.data()));
        continue;
      }
      for (const TypeRow& other : std::span(kTypes, static_cast<size_t>(&row - kTypes)))
        if (layout_.*other.value == static_cast<uint32_t>(value))
          return fail(Kind::corrupt, "NUMBER(%s) and NUMBER(%s) in vmcoreinfo are the same, %d",
                      row.number.data(), other.number.data(), value);
      layout_.*row.value = static_cast<uint32_t>(value);
    }
    return {};
  }

  void keep_user() {
    layout_.anon_bit = 0;
    layout_.type_hugetlb = PageLayout::kNoType;
    layout_.hugetlb_tail_mask = 0;
    layout_.hugetlb_tail_value = 1;
  }
  void keep_cache() { layout_.lru = layout_.swap_mask = 0, layout_.swap_value = 1; }
  void keep_free() { layout_.type_buddy = layout_.type_unaccepted = PageLayout::kNoType; }

  bool missing(bool is_missing, const char* keys, const char* consequence) {
    if (is_missing)
      warnings_.push_back(text("vmcoreinfo lacks a usable %s: %s", keys, consequence));
    return is_missing;
  }

  // A rule that lacks a key it depends on must not exclude anything.
  void switch_off_what_lacks_keys() {
    layout_.anon_bit = layout_.tail_bit = 1;
    layout_.mapping_mask = has(&PageLayout::mapping) ? ~uint64_t{0} : 0;
    layout_.refcount_mask = has(&PageLayout::refcount) ? 0xffff'ffff : 0;

    if (missing(!has(&PageLayout::mapcount), "OFFSET(page._mapcount)",
                "free and offline pages are kept"))
      for (const TypeRow& row : kTypes) layout_.*row.value = PageLayout::kNoType;
    else if (missing(layout_.type_buddy == PageLayout::kNoType, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)",
                     "free pages are kept"))
      keep_free();
    if (missing(!has(&PageLayout::private_data), "OFFSET(page.private)", "free pages are kept"))
      keep_free();
    if (missing(!has(&PageLayout::refcount), "OFFSET(page._refcount)", "free pages are kept"))
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
                "free, offline, user and page cache pages are kept")) {
      keep_free();
      keep_user();
      keep_cache();
      layout_.type_offline = PageLayout::kNoType;
    }
    // The kernel marks slab by one of them, and the other's bit may then mean something else.
    if (layout_.type_slab != PageLayout::kNoType) layout_.slab = 0;

    // A tail's fields overlay others: taken for an ordinary page it can look anonymous or cached.
    if (missing(!has(&PageLayout::compound_head),
                "OFFSET(page.compound_head) or OFFSET(page.compound_info)",
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
    missing(!layout_.lru, "NUMBER(PG_lru)", "page cache is kept");
    missing(!layout_.swap_mask, "NUMBER(PG_swapcache) or NUMBER(PG_swapbacked)",
            "pages in the swap cache and on no list are kept");
    if (missing(!layout_.has_private, "NUMBER(PG_private)",
                "page cache counts as cache with private data"))
      layout_.has_private = ~uint64_t{0};
    missing(!layout_.hwpoison, "NUMBER(PG_hwpoison)",
            "poisoned pages cannot be recognised and are read");
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
