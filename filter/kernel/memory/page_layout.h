// The layout of the crashed kernel's struct page, decoded once from vmcoreinfo into offsets, masks
// and values. An absent key becomes a mask or value that never matches, so that classify() needs no
// check for it.
//
// The rows of page_layout.cc hold the knowledge of kernels. Source: include/linux/page-flags.h,
// mm_types.h; kernel/vmcore_info.c exports the keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filter/base/result.h"
#include "filter/core_file/vmcoreinfo.h"

namespace kdump {

// struct page is 56 or 64 bytes, up to 96 with debugging options.
constexpr uint32_t kMinStructPage = 32, kMaxStructPage = 256;

// The lowest _mapcount that is a count: -1 is unmapped, the rest is a margin for underflow
// (PAGE_MAPCOUNT_RESERVE). All page types are below.
constexpr int32_t kMinMapcount = -128;

struct PageLayout {
  // No 32-bit _mapcount equals it.
  static constexpr uint64_t kNoType = ~uint64_t{0};

  uint32_t size = 0;  // of struct page

  // Offsets in struct page. An offset missing in vmcoreinfo is 0, and its users are disabled.
  uint32_t flags = 0, refcount = 0, mapping = 0, mapcount = 0, private_data = 0, compound_head = 0;

  // Masks on page->flags; 0 never matches.
  uint64_t lru = 0, slab = 0, hwpoison = 0, head = 0;
  uint64_t has_private = 0;
  // In the swap cache: (flags & swap_mask) == swap_value.
  uint64_t swap_mask = 0, swap_value = 1;
  uint64_t tail_bit = 0;       // in compound_head: 1, or 0 if tails cannot be recognised
  uint64_t anon_bit = 0;       // in mapping: 1, or 0 if anonymous pages cannot be recognised
  uint64_t mapping_mask = 0;   // on the 64 bits of mapping: all ones, or 0 where unknown
  uint64_t refcount_mask = 0;  // on the 32 bits of _refcount: all ones, or 0 where unknown

  // Values of _mapcount as a page type.
  uint64_t type_slab = kNoType, type_buddy = kNoType, type_unaccepted = kNoType,
           type_hugetlb = kNoType, type_offline = kNoType;

  uint32_t buddy_orders = 0;    // LENGTH(zone.free_area): orders are below it
  uint32_t compound_order = 0;  // offset of the order's byte in the first tail
  uint32_t max_compound_order = 0;

  // A head is hugetlb if (the 64 bits at hugetlb_tail in its first tail & mask) == value.
  uint32_t hugetlb_tail = 0;
  uint64_t hugetlb_tail_mask = 0, hugetlb_tail_value = 1;

  // page_size: of the machine, bytes. Appends a warning for each missing key that causes pages to
  // be kept. Fails: unsupported or corrupt, if no page can be classified or two keys contradict
  // each other.
  static Result<PageLayout> decode(const Vmcoreinfo& info, uint32_t page_size,
                                   std::vector<std::string>& warnings);
};

}  // namespace kdump
