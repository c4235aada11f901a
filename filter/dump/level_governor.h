// compress=auto: which zstd level suits the target, found out while the dump is written. Where much
// of the time is spent waiting for the sink a higher level costs nothing, where none is a cheaper
// one gains.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kdump {

class LevelGovernor {
 public:
  static int highest_level();

  int level() const;
  // now_ns, waited_ns: the time, and how much of it was spent waiting for the sink; written: how
  // many bytes it was offered. All since some beginning, none ever less than before. Call often.
  void update(uint64_t now_ns, uint64_t waited_ns, uint64_t written);

 private:
  struct Moment {
    uint64_t now_ns = 0, waited_ns = 0, written = 0;
  };

  // Begins with the cheapest: where memory shrinks well a period takes long, and of a dump of half
  // a second to a fast target the first one was a fifth. A slow target costs this little.
  size_t at_ = 0;
  Moment since_;           // when the current period began; all zero: never
  int last_step_ = 0;      // up, down or neither
  uint32_t patience_ = 1;  // periods that must say the same before a step back is believed
  uint32_t in_favour_ = 0;
};

}  // namespace kdump
