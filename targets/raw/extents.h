// Tracks the written ranges of a file, to find the gaps between them. A dump is written in a few
// growing runs, so that there are few extents.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

namespace kdump {

struct Extent {
  uint64_t begin = 0, end = 0;
};

class Extents {
 public:
  void add(Extent extent) {
    if (extent.begin >= extent.end) return;
    auto next = extents_.upper_bound(extent.begin);
    if (next != extents_.begin() && std::prev(next)->second >= extent.begin) --next;
    while (next != extents_.end() && next->first <= extent.end) {  // touches or overlaps it
      extent.begin = std::min(extent.begin, next->first);
      extent.end = std::max(extent.end, next->second);
      next = extents_.erase(next);
    }
    extents_[extent.begin] = extent.end;
  }

  size_t count() const { return extents_.size(); }
  uint64_t end() const { return extents_.empty() ? 0 : std::prev(extents_.end())->second; }

  // Returns the first gap below end(); nullopt if there is none.
  std::optional<Extent> first_gap() const {
    if (extents_.empty()) return std::nullopt;
    const auto first = extents_.begin();
    if (first->first != 0) return Extent{0, first->first};
    const auto second = std::next(first);
    if (second == extents_.end()) return std::nullopt;
    return Extent{first->second, second->first};
  }

 private:
  std::map<uint64_t, uint64_t> extents_;  // begin → end; disjoint and not adjacent
};

}  // namespace kdump
