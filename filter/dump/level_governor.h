// compress=auto: which zstd level suits the target, found out while the dump is written, anew for
// each batch of pages. Of a target that had to be waited for, the speed is known; pages that come
// faster than it takes them may as well be compressed better, others get the cheapest level. So it
// is kept busy, by the smallest dump that does so.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kdump {

class LevelGovernor {
 public:
  // All since some beginning, none ever less than before.
  struct Moment {
    uint64_t now_ns = 0;
    uint64_t waited_ns = 0;  // how much of that was spent waiting for the target
    uint64_t made = 0;       // bytes of the dump so far
    uint64_t taken = 0;      // how many of them it has, or had when it was last waited for
  };

  static int highest_level();

  int level() const;
  void update(const Moment& now);  // before each batch

 private:
  void learn(const Moment& now, double waited);

  // Begins with the cheapest, as nothing is known of the target yet.
  size_t at_ = 0;
  Moment last_;  // update
  Moment wait_;  // the end of the last one
  bool has_waited_ = false;
  double speed_ = 0;     // the target's, bytes a nanosecond; 0: not known
  double lead_ = 0;      // bytes made since then, less those that the target will have taken
  double unwaited_ = 0;  // bytes made since then, or since the speed was last doubted
};

}  // namespace kdump
