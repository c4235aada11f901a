#include "filter/dump/level_governor.h"

#include <algorithm>
#include <iterator>

namespace kdump {
namespace {

// Of pages of memory, one CPU: from 730 MB/s and a ratio of 2.2 to 220 MB/s and one of 4.0. Levels
// between these give about the same; above 3 a page takes twice the time for a hundredth less.
constexpr int kLevels[] = {-10, -5, -1, 1, 3};

// Long enough to have waited for whole writes, short enough for a dump of a second to profit.
constexpr uint64_t kPeriodNs = 30'000'000, kPeriodBytes = 3 << 20;

// Shares of a period spent waiting, in percent. Far apart: a step changes it by some thirty.
constexpr uint64_t kMuch = 20, kLittle = 3;

// Between two levels of which one is too slow and the other too fast it gets ever rarer to try.
constexpr uint32_t kMostPatience = 64;

}  // namespace

int LevelGovernor::highest_level() { return kLevels[std::size(kLevels) - 1]; }

int LevelGovernor::level() const { return kLevels[at_]; }

void LevelGovernor::update(uint64_t now_ns, uint64_t waited_ns, uint64_t written) {
  const Moment now{now_ns, waited_ns, written};
  if (since_.now_ns == 0) since_ = now;
  const uint64_t elapsed = now_ns - since_.now_ns;
  if (elapsed < kPeriodNs || written - since_.written < kPeriodBytes) return;
  const uint64_t waited = waited_ns - since_.waited_ns;
  since_ = now;

  int step = 0;
  if (waited * 100 > elapsed * kMuch && at_ + 1 < std::size(kLevels)) step = 1;
  if (waited * 100 < elapsed * kLittle && at_ > 0) step = -1;
  const bool is_back = step != 0 && step == -last_step_;
  in_favour_ = is_back ? in_favour_ + 1 : 0;
  if (step == 0 || (is_back && in_favour_ < patience_)) return;
  if (is_back) patience_ = std::min(patience_ * 2, kMostPatience);
  in_favour_ = 0;
  last_step_ = step;
  at_ = step > 0 ? at_ + 1 : at_ - 1;
}

}  // namespace kdump
