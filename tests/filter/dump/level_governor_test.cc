// compress=auto over targets of every speed, by a model of one CPU: pages take time to compress by
// level, one buffer is filled while the other is written, and the target computes or does not.
#include "filter/dump/level_governor.h"

#include <doctest/doctest.h>

#include <map>

namespace kdump {
namespace {

struct Speed {
  double ns_per_byte, ratio;  // of input
};
const std::map<int, Speed> kSpeeds = {{0, {1.10, 4.7}}, {1, {1.70, 5.8}}, {3, {2.35, 5.95}}};

// computes: the CPU's nanoseconds for each byte that the target takes. room: what it takes at once.
struct Target {
  double bytes_per_s, computes = 0, room = 2 << 20;
};

struct Run {
  double seconds = 0, mean_level = 0;
};

uint64_t rounded(double value) { return static_cast<uint64_t>(value); }

// The CPU and the target. A write computes first, for which it gets half of the CPU as long as
// there are pages to compress. What the target has room for it takes at once.
struct Machine {
  Target target;
  double now = 1e9, waited = 0;
  double computes = 0;  // nanoseconds that the write under way still computes
  double queued = 0;    // bytes that the target has not made durable

  void drain(double ns) { queued = std::max(queued - ns * target.bytes_per_s / 1e9, 0.0); }
  void compress(double ns) {
    const double shared = std::min(ns, computes);
    computes -= shared;
    now += ns + shared;
    drain(ns + shared);
  }
  void write(double bytes) {
    now += computes;
    drain(computes);
    const double over = queued + bytes - target.room;
    const double wait = over > 0 ? over / target.bytes_per_s * 1e9 : 0;
    waited += wait;
    now += wait;
    drain(wait);
    queued += bytes;
    computes = bytes * target.computes;
  }
};

// 1 GB of pages; the level is the governor's, or fixed. small: as with little memory.
Run run(const Target& target, const int* fixed = nullptr, bool small = false) {
  constexpr double kAll = 1e9;
  const double batch = small ? 16 << 10 : 256 << 10, buffer = small ? 64 << 10 : 1 << 20;
  LevelGovernor governor;
  Machine machine{.target = target};
  Run result;
  double made = 0, taken = 0;
  for (double done = 0; done < kAll; done += batch) {
    governor.update({.now_ns = rounded(machine.now),
                     .waited_ns = rounded(machine.waited),
                     .made = rounded(made),
                     .taken = rounded(taken)});
    const int level = fixed ? *fixed : governor.level();
    result.mean_level += level * batch / kAll;
    const Speed& speed = kSpeeds.at(level);
    machine.compress(batch * speed.ns_per_byte);
    made += batch / speed.ratio;
    if (made - taken < buffer) continue;
    machine.write(buffer);
    taken += buffer;
  }
  machine.drain(machine.computes);
  machine.now += machine.computes + machine.queued / target.bytes_per_s * 1e9;
  result.seconds = (machine.now - 1e9) / 1e9;
  return result;
}

}  // namespace

TEST_CASE("a slow target gets a higher level, a fast one a cheaper") {
  CHECK(run({20e6}).mean_level > 2.5);
  CHECK(run({5e9}).mean_level < 0.1);
  double last = LevelGovernor::highest_level();
  for (const double speed : {20e6, 60e6, 100e6, 200e6, 400e6, 1e9}) {
    const double level = run({speed}).mean_level;
    CHECK(level <= last);
    last = level;
  }
}

TEST_CASE("whatever the target's speed, the time is about that of the best level") {
  for (const double computes : {0.0, 4.0, 10.0})
    for (const double room : {1e6, 2e6, 5e6})
      for (double speed = 10e6; speed < 5e9; speed *= 1.1) {
        CAPTURE(speed);
        CAPTURE(computes);
        CAPTURE(room);
        const Target target{speed, computes, room};
        double best = 1e9;
        for (const auto& [level, unused] : kSpeeds)
          best = std::min(best, run(target, &level).seconds);
        CHECK(run(target).seconds <= (computes > 0 ? 1.12 : 1.06) * best);
      }
}

TEST_CASE("with little memory many short waits tell as much as a long one") {
  CHECK(run({20e6}, nullptr, true).mean_level > 2.5);
  CHECK(run({100e6}, nullptr, true).mean_level > 0.5);
  CHECK(run({5e9}, nullptr, true).mean_level < 0.1);
}

TEST_CASE("a target that becomes faster is found out without waiting for it") {
  LevelGovernor governor;
  LevelGovernor::Moment moment{.now_ns = 1'000'000'000};
  const auto make = [&](uint64_t ns, uint64_t waited_ns) {
    moment.now_ns += ns + waited_ns;
    moment.waited_ns += waited_ns;
    moment.made += 1 << 20;
    moment.taken = moment.made;
    governor.update(moment);
  };
  for (int i = 0; i < 10; ++i) {
    make(5'000'000, 50'000'000);  // 20 MB/s
    make(5'000'000, 0);
  }
  CHECK(governor.level() == LevelGovernor::highest_level());
  for (int i = 0; i < 50; ++i) make(15'000'000, 0);
  CHECK(governor.level() == 0);
}

TEST_CASE("the machine's noise is not the target's") {
  LevelGovernor governor;
  LevelGovernor::Moment moment{.now_ns = 1'000'000'000};
  for (int i = 0; i < 1000; ++i) {
    moment.now_ns += 5'000'000;
    moment.waited_ns += i % 10 == 9 ? 3'000'000 : 200'000;
    moment.taken = moment.made;
    moment.made += 1 << 20;
    governor.update(moment);
    CHECK(governor.level() == 0);
  }
}

}  // namespace kdump
