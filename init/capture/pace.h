// How long one target may take: by default as long as its size takes at a floor speed, and less
// where it moves so slowly that it comes to nothing while another target is there.
#pragma once

#include <cstdint>
#include <vector>

namespace kdump {

// The longest limit (rd.kdump.limit), which counts until the size of the dump is known: a day.
constexpr uint32_t kLongestLimitS = 86'400;

// Speed is judged over this many times rd.kdump.stall, so that an outage that is survived does not
// look like a target that moves nothing.
constexpr uint32_t kStallsInWindow = 5;

// The default of rd.kdump.limit for a dump with this much memory in it, before compression: 1 s
// for each MiB, at least an hour, at most a day.
uint32_t default_limit_s(uint64_t memory_bytes);

// Measures the speed of the last window of time.
class Pace {
 public:
  explicit Pace(int64_t window_ms) : window_ms_(window_ms) {}

  void note(int64_t now_ms, uint64_t done);
  // Whether a whole window has passed since the first note().
  bool is_known(int64_t now_ms) const;
  // How long the rest takes at that speed; INT64_MAX where nothing has moved. After is_known().
  int64_t left_ms(int64_t now_ms, uint64_t done, uint64_t total) const;
  void restart() { marks_.clear(); }

 private:
  struct Mark {
    int64_t at_ms;
    uint64_t done;
  };
  int64_t window_ms_;
  std::vector<Mark> marks_;  // oldest first, the first at the window's begin; some ten
};

}  // namespace kdump
