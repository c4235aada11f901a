#include "filter/dump/level_governor.h"

#include <algorithm>
#include <iterator>

namespace kdump {
namespace {

// Of pages of memory, one CPU, beside reading them: 900 MB/s and a ratio of 4.7, 600 and 5.8, 430
// and 5.9. Level 2 gives about what 1 does; above 3 a page takes twice the time for a hundredth
// less.
constexpr int kLevels[] = {0, 1, 3};
constexpr size_t kBest = std::size(kLevels) - 1;

// The best level takes half as long again as the one before it, and gains little: so much faster
// must pages come than they are taken.
constexpr double kWellAhead = 1.5;

// Less is the machine's noise: of waits together, and of the time that passes meanwhile.
constexpr double kNotableNs = 1e6, kNotableShare = 0.1;

// What targets take at once while they have room: buffers, pipes, page caches.
constexpr double kRoomBytes = 1 << 20;

// What a target that was full surely takes without a pause, as it has that much before it.
constexpr double kEndlessBytes = 2 << 20;

// Once so much has been taken without a wait the target may be faster than it was.
constexpr double kDoubtBytes = 4 << 20, kDoubt = 1.25;

}  // namespace

int LevelGovernor::highest_level() { return kLevels[kBest]; }

int LevelGovernor::level() const { return kLevels[at_]; }

// The target was full at the last wait and is again. What it has taken meanwhile it took in all of
// that time, or, had it been idle, in no less than the caller waited.
void LevelGovernor::learn(const Moment& now, double waited) {
  if (has_waited_ && now.taken > wait_.taken) {
    const double taken = static_cast<double>(now.taken - wait_.taken);
    const double elapsed = static_cast<double>(now.now_ns - wait_.now_ns);
    const bool is_sure = waited > kNotableShare * elapsed;
    if (is_sure && (speed_ == 0 || taken <= kEndlessBytes))
      speed_ = taken / elapsed;
    else if (speed_ != 0)
      speed_ = std::clamp(speed_, taken / elapsed, taken / std::min(waited, elapsed));
  }
  has_waited_ = true;
  wait_ = now;
  lead_ = unwaited_ = 0;
}

void LevelGovernor::update(const Moment& now) {
  const double waited = static_cast<double>(now.waited_ns - wait_.waited_ns);
  const double elapsed = static_cast<double>(now.now_ns - last_.now_ns);
  const double made = static_cast<double>(now.made - last_.made);
  last_ = now;
  if (waited > kNotableNs) return learn(now, waited);
  if (speed_ == 0) return;

  lead_ = std::max(lead_ + made - elapsed * speed_, -kRoomBytes);
  unwaited_ += made;
  if (unwaited_ > kDoubtBytes) {
    speed_ *= kDoubt;
    unwaited_ = 0;
  }
  if (lead_ <= 0)
    at_ = at_ > 0 ? at_ - 1 : 0;
  else if (at_ + 1 < kBest || made > kWellAhead * elapsed * speed_)
    at_ = std::min(at_ + 1, kBest);
}

}  // namespace kdump
