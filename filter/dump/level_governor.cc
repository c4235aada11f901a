#include "filter/dump/level_governor.h"

#include <algorithm>
#include <iterator>

namespace kdump {
namespace {

// Of pages of memory, one CPU: 1000 MB/s and a ratio of 3.0, 430 and 4.0, 290 and 4.2. Level 2
// gives about what 1 does; above 3 a page takes twice the time for a hundredth less. much: the
// share of a period spent waiting, in percent, from which on the next level's longer time is no
// loss.
struct Rung {
  int level;
  uint64_t much;
};
constexpr Rung kRungs[] = {{0, 60}, {1, 20}, {3, 100}};

// Long enough to have waited for whole writes, short enough for a dump of a second to profit.
constexpr uint64_t kPeriodNs = 30'000'000, kPeriodBytes = 3 << 20;

// A share of a period spent waiting, in percent, below which the next lower level is tried.
constexpr uint64_t kLittle = 3;

// Between two levels of which one is too slow and the other too fast it gets ever rarer to try.
constexpr uint32_t kMostPatience = 64;

}  // namespace

int LevelGovernor::highest_level() { return kRungs[std::size(kRungs) - 1].level; }

int LevelGovernor::level() const { return kRungs[at_].level; }

void LevelGovernor::update(uint64_t now_ns, uint64_t waited_ns, uint64_t written) {
  const Moment now{now_ns, waited_ns, written};
  if (since_.now_ns == 0) since_ = now;
  const uint64_t elapsed = now_ns - since_.now_ns;
  if (elapsed < kPeriodNs || written - since_.written < kPeriodBytes) return;
  const uint64_t waited = waited_ns - since_.waited_ns;
  since_ = now;

  int step = 0;
  if (waited * 100 > elapsed * kRungs[at_].much && at_ + 1 < std::size(kRungs)) step = 1;
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
