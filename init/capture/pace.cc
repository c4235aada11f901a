#include "init/capture/pace.h"

#include <algorithm>

namespace kdump {
namespace {

constexpr uint64_t kFloorBytesPerS = 1
                                     << 20;  // a slow uplink, or one thread at the best compression
constexpr uint32_t kShortestLimitS = 3600;
constexpr int64_t kMarksInWindow = 8;

}  // namespace

uint32_t default_limit_s(uint64_t memory_bytes) {
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(memory_bytes / kFloorBytesPerS, kShortestLimitS, kLongestLimitS));
}

void Pace::note(int64_t now_ms, uint64_t done) {
  if (marks_.empty() || now_ms - marks_.back().at_ms >= window_ms_ / kMarksInWindow)
    marks_.push_back({now_ms, done});
  while (marks_.size() > 1 && now_ms - marks_[1].at_ms >= window_ms_) marks_.erase(marks_.begin());
}

bool Pace::is_known(int64_t now_ms) const {
  return !marks_.empty() && now_ms - marks_.front().at_ms >= window_ms_;
}

int64_t Pace::left_ms(int64_t now_ms, uint64_t done, uint64_t total) const {
  const Mark& first = marks_.front();
  if (done <= first.done) return INT64_MAX;
  const double ms_each =
      static_cast<double>(now_ms - first.at_ms) / static_cast<double>(done - first.done);
  const double left = ms_each * static_cast<double>(total > done ? total - done : 0);
  return left < 1e15 ? static_cast<int64_t>(left) : INT64_MAX;
}

}  // namespace kdump
