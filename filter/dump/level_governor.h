// compress=auto: chooses the zstd level of each batch of pages. The governor measures the target's
// speed while the writer waits for it. It raises the level while pages arrive faster than the
// target writes them, and lowers it otherwise: the target stays busy, and the dump is as small as
// that permits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kdump {

class LevelGovernor {
 public:
  // Totals since an arbitrary start; they never decrease.
  struct Moment {
    uint64_t now_ns = 0;
    uint64_t waited_ns = 0;  // of it, time spent waiting for the target
    uint64_t made = 0;       // bytes of the dump produced
    uint64_t taken = 0;      // bytes that the target had written at the end of the last wait
  };

  static int highest_level();

  int level() const;
  void update(const Moment& now);  // call it before each batch

 private:
  void learn(const Moment& now, double waited);

  // Index of the level; starts with the cheapest, as the target's speed is unknown.
  size_t at_ = 0;
  Moment last_;  // of the last update()
  Moment wait_;  // end of the last wait
  bool has_waited_ = false;
  double speed_ = 0;     // of the target, bytes per nanosecond; 0: unknown
  double lead_ = 0;      // bytes made since the last wait, less those the target has written since
  double unwaited_ = 0;  // bytes made since the last wait or the last raise of speed_
};

}  // namespace kdump
