// A set of page frames, stored as at most kMaxRanges sorted ranges. If there are more, ranges with
// the smallest gaps between them are merged: the set may grow beyond what was added, never shrink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "filter/base/address.h"

namespace kdump {

class PageRanges {
 public:
  struct Range {
    uint64_t begin = 0, end = 0;  // page frame numbers
  };
  // 1 MiB of memory. A machine of 64 TiB with scattered page tables has more ranges, a few pages
  // apart.
  static constexpr size_t kMaxRanges = 1u << 16;

  // Adds the page frames [begin, end). Calls may come in any order and overlap.
  void add(Pfn begin, Pfn end);

  // Returns the ranges, sorted and disjoint. Sorts only after an add() out of order.
  std::span<const Range> ranges();
  // Returns the ranges that overlap [begin, end).
  std::span<const Range> within(Pfn begin, Pfn end);
  uint64_t pages();

 private:
  void settle();
  void merge_nearest();

  std::vector<Range> ranges_;
  bool settled_ = true;
};

}  // namespace kdump
