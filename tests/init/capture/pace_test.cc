#include "init/capture/pace.h"

#include <doctest/doctest.h>

#include <string>

#include "filter/base/sys.h"
#include "init/capture/job_progress.h"
#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST_CASE("the default limit follows from the size, between an hour and a day") {
  CHECK(default_limit_s(0) == 3600);
  CHECK(default_limit_s(16 * 1024 * kMiB) == 16 * 1024);
  CHECK(default_limit_s(UINT64_MAX) == 86'400);
}

TEST_CASE("a speed is that of the last window") {
  Pace pace(80'000);
  for (int64_t s = 0; s < 200; ++s) pace.note(s * 1000, static_cast<uint64_t>(s) * 10);
  CHECK(pace.is_known(199'000));
  CHECK(pace.left_ms(199'000, 1990, 2990) == 100'000);
  for (int64_t s = 200; s < 300; ++s) pace.note(s * 1000, 1990);
  CHECK(pace.left_ms(299'000, 1990, 2990) == INT64_MAX);
}

struct Job {
  explicit Job(uint32_t window_s) : progress(sys, board, console, 1000, window_s) {
    progress.enter(Step::write);
  }
  // Writes this many of 10,000 pages a second; returns when it may not go on, or 0.
  int64_t write(double pages_per_s, int64_t seconds) {
    for (int64_t s = 1; s <= seconds; ++s) {
      sys.sleep_ms(1000);
      done += pages_per_s;
      progress.update(Phase::write, static_cast<uint64_t>(done), 10'000, 0);
      if (!progress.may_continue()) return s;
    }
    return 0;
  }

  FakeSys sys;
  Board board;
  Console console{{}};
  JobProgress progress;
  double done = 0;
};

TEST_CASE("what would take far longer than the limit gives way where another target is there") {
  // A window after the first look, which comes after a second.
  CHECK(Job(300).write(1, 900) == 301);
  CHECK(Job(300).write(0, 900) == 301);
  CHECK(Job(0).write(1, 900) == 0);    // the only target
  CHECK(Job(300).write(8, 700) == 0);  // its speed leads to 250 s after the limit: later, perhaps
  Job stops(300);
  CHECK(stops.write(20, 200) == 0);
  CHECK(stops.write(0, 50) == 0);  // an outage
  CHECK(stops.write(20, 200) == 0);
}

TEST_CASE("a target may wait on for a stall's time after that, to close the dump") {
  Job job(300);
  CHECK(job.write(1, 301) == 301);
  CHECK(job.progress.may_keep_waiting());
  job.sys.sleep_ms(59'000);
  CHECK(job.progress.may_keep_waiting());
  job.sys.sleep_ms(1000);
  const auto over = job.progress.may_keep_waiting();
  REQUIRE(!over);
  CHECK(over.error().kind == Kind::timeout);
}

TEST_CASE("the end of a dump has one window") {
  Job job(300);
  CHECK(job.write(1000, 10) == 0);
  job.progress.enter(Step::finish);
  job.sys.sleep_ms(299'000);
  CHECK(job.progress.may_keep_waiting());
  job.sys.sleep_ms(2000);
  CHECK(job.progress.may_keep_waiting());
  job.sys.sleep_ms(60'000);
  CHECK(!job.progress.may_keep_waiting());
}

}  // namespace
}  // namespace kdump
