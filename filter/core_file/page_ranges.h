// A set of page frames as a few sorted ranges, of bounded size whatever is added: where there would
// be too many ranges, those with the smallest gaps between them become one, which makes the set
// larger, never smaller.
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
  // 1 MiB of them. A machine of 64 TiB whose page tables lie scattered has more, in gaps of a few
  // pages.
  static constexpr size_t kMaxRanges = 1u << 16;

  // Adds page frames from begin to before end, in any order, overlapping or not.
  void add(Pfn begin, Pfn end);

  // Sorted, disjoint. Costs something only after an add().
  std::span<const Range> ranges();
  // Those that reach into the page frames from begin to before end.
  std::span<const Range> within(Pfn begin, Pfn end);
  uint64_t pages();

 private:
  void settle();
  void thin_out();

  std::vector<Range> ranges_;
  bool settled_ = true;
};

}  // namespace kdump
