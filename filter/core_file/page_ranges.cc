#include "filter/core_file/page_ranges.h"

#include <algorithm>

namespace kdump {

void PageRanges::add(Pfn begin, Pfn end) {
  if (begin >= end) return;
  // What comes in order, as most does, is joined at once.
  if (!ranges_.empty() && begin.value >= ranges_.back().begin &&
      begin.value <= ranges_.back().end) {
    ranges_.back().end = std::max(ranges_.back().end, end.value);
    return;
  }
  if (ranges_.size() == kMaxRanges) merge_nearest();
  settled_ &= ranges_.empty() || ranges_.back().end < begin.value;
  ranges_.push_back({begin.value, end.value});
}

std::span<const PageRanges::Range> PageRanges::ranges() {
  settle();
  return ranges_;
}

std::span<const PageRanges::Range> PageRanges::within(Pfn begin, Pfn end) {
  const std::span<const Range> all = ranges();
  const auto first = std::ranges::upper_bound(all, begin.value, {}, &Range::end);
  const auto last = std::ranges::lower_bound(all, end.value, {}, &Range::begin);
  return first < last ? std::span<const Range>(first, last) : std::span<const Range>();
}

uint64_t PageRanges::pages() {
  uint64_t pages = 0;
  for (const Range& range : ranges()) pages += range.end - range.begin;
  return pages;
}

void PageRanges::settle() {
  if (settled_) return;
  std::ranges::sort(ranges_, {}, &Range::begin);
  size_t last = 0;
  for (const Range& range : ranges_) {
    if (range.begin <= ranges_[last].end)
      ranges_[last].end = std::max(ranges_[last].end, range.end);
    else
      ranges_[++last] = range;
  }
  ranges_.resize(last + 1);
  settled_ = true;
}

// Down to half, so that it is not needed again soon.
void PageRanges::merge_nearest() {
  settle();
  if (ranges_.size() <= kMaxRanges / 2) return;
  std::vector<uint64_t> gaps;
  gaps.reserve(ranges_.size() - 1);
  for (size_t i = 1; i < ranges_.size(); ++i) gaps.push_back(ranges_[i].begin - ranges_[i - 1].end);
  const auto middle = gaps.begin() + kMaxRanges / 2;
  std::ranges::nth_element(gaps, middle);
  const uint64_t widest = *middle;  // of the gaps that are closed
  size_t last = 0;
  for (size_t i = 1; i < ranges_.size(); ++i) {
    const Range range = ranges_[i];
    if (range.begin - ranges_[last].end <= widest)
      ranges_[last].end = range.end;
    else
      ranges_[++last] = range;
  }
  ranges_.resize(last + 1);
}

}  // namespace kdump
