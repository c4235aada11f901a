// compress=auto over targets of every speed, by a model of one CPU: pages take time to compress by
// level, and what the target has not taken meanwhile is waited for.
#include "filter/dump/level_governor.h"

#include <doctest/doctest.h>

#include <map>

namespace kdump {
namespace {

struct Speed {
  double ns_per_byte, ratio;  // of input
};
const std::map<int, Speed> kSpeeds = {{0, {0.95, 3.0}}, {1, {2.77, 4.04}}, {3, {3.42, 4.16}}};

struct Run {
  double seconds = 0;
  int changes = 0;
  int last = 0;
};

// 2 GB of pages into a target that takes bytes_per_s; the level is the governor's, or fixed.
Run run(double bytes_per_s, const int* fixed = nullptr) {
  constexpr double kBatch = 128 << 10, kAll = 2e9;
  LevelGovernor governor;
  Run result;
  double now = 1, waited = 0, written = 0, device_free_at = 1;
  result.last = fixed ? *fixed : governor.level();
  for (double done = 0; done < kAll; done += kBatch) {
    if (!fixed)
      governor.update(static_cast<uint64_t>(now * 1e9), static_cast<uint64_t>(waited * 1e9),
                      static_cast<uint64_t>(written));
    const int level = fixed ? *fixed : governor.level();
    result.changes += level != result.last;
    result.last = level;
    const Speed& speed = kSpeeds.at(level);
    now += kBatch * speed.ns_per_byte / 1e9;
    const double size = kBatch / speed.ratio;
    written += size;
    // One write may be under way: the one before must have ended.
    if (device_free_at > now) {
      waited += device_free_at - now;
      now = device_free_at;
    }
    device_free_at = now + size / bytes_per_s;
  }
  result.seconds = now - 1;
  return result;
}

}  // namespace

TEST_CASE("a slow target gets a higher level, a fast one a cheaper") {
  CHECK(run(20e6).last == LevelGovernor::highest_level());
  CHECK(run(5e9).last == 0);
  int last = LevelGovernor::highest_level();
  for (const double speed : {20e6, 60e6, 100e6, 200e6, 400e6, 1e9}) {
    const int level = run(speed).last;
    CHECK(level <= last);
    last = level;
  }
}

TEST_CASE("whatever the target's speed, the time is near that of the best fixed level") {
  for (double speed = 20e6; speed < 5e9; speed *= 1.3) {
    CAPTURE(speed);
    double best = 1e9;
    for (const auto& [level, unused] : kSpeeds) best = std::min(best, run(speed, &level).seconds);
    CHECK(run(speed).seconds <= 1.25 * best);
  }
}

TEST_CASE("between two levels it settles: it does not go back and forth all the time") {
  for (double speed = 20e6; speed < 5e9; speed *= 1.3) {
    CAPTURE(speed);
    CHECK(run(speed).changes <= 20);
  }
}

TEST_CASE("nothing is decided before enough has been seen") {
  LevelGovernor governor;
  const int first = governor.level();
  governor.update(1'000'000, 0, 0);
  governor.update(10'000'000'000, 9'000'000'000, 1000);  // long, but hardly a write
  CHECK(governor.level() == first);
  governor.update(10'000'001'000, 9'000'000'000, 100 << 20);  // from here the period is long enough
  CHECK(governor.level() > first);
}

}  // namespace kdump
