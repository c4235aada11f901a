// What failed attempts leave on a target: evidence and logs, no empty files, and no second
// directory for a crash whose log has been saved again.
#include <doctest/doctest.h>

#include "tests/init/capture/job/dump_job_run.h"

using namespace kdump;

namespace {

constexpr char kSecond[] = "/crash/tiny-2026-11-21-03:21:31.1";

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

FakeFs only_reserved() {
  FakeFs disk;
  disk.free_bytes = disk.reserved_bytes = (1 << 20) + (64 << 10) + kTinyLimitBytes;
  return disk;
}

// A put-off attempt, which leaves the log.
void deferred(Run& run) {
  REQUIRE(run.job({.network = *run.network, .room_use = RoomUse::ordinary}) ==
          Board::Outcome::failed);
  REQUIRE(run.board->deferred);
  REQUIRE(run.board->location() == kDirectory);
  REQUIRE(run.has("vmcore-dmesg.txt"));
}

}  // namespace

TEST_CASE("the next attempt removes the directory of one that failed") {
  Run run({}, only_reserved());
  deferred(run);
  CHECK(run.job({.network = *run.network, .failed_locations = {kDirectory}}) ==
        Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.board->location() == kSecond);
  CHECK(run.has("vmcore-dmesg.txt"));
  CHECK(!run.sys.contains(kDirectory));
}

TEST_CASE("a directory with a partial dump, or with things of others, stays") {
  for (const char* name : {"vmcore-incomplete", "vmcore", "notes.txt"}) {
    CAPTURE(name);
    Run run({}, only_reserved());
    deferred(run);
    run.sys.add_file(std::string(kDirectory) + "/" + name, "evidence");
    CHECK(run.job({.network = *run.network, .failed_locations = {kDirectory}}) ==
          Board::Outcome::saved);
    CHECK(run.sys.contains(std::string(kDirectory) + "/" + name));
    CHECK(run.sys.contains(std::string(kDirectory) + "/vmcore-dmesg.txt"));
  }
}

TEST_CASE("the log of a failed attempt stays until there is another") {
  Run run({}, only_reserved());
  deferred(run);
  const TextCore no_log("kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\nram 0 1M\n");
  run.sys.add_file("/no-log", content_of(no_log.path()));
  run.settings.vmcore = "/no-log";
  CHECK(run.job({.network = *run.network, .failed_locations = {kDirectory}}) ==
        Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.board->location() != kDirectory);
  CHECK(run.sys.contains(std::string(kDirectory) + "/vmcore-dmesg.txt"));
}

TEST_CASE("a log that the vmcore does not have leaves no empty file") {
  Run run;
  const TextCore no_log("kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\nram 0 1M\n");
  run.sys.add_file("/no-log", content_of(no_log.path()));
  run.settings.vmcore = "/no-log";
  CHECK(run.job() == Board::Outcome::saved);
  CHECK(run.log_says("vmcore-dmesg.txt not saved"));
  CHECK(!run.has("vmcore-dmesg.txt"));
  CHECK(!run.has("vmcore-dmesg.txt-incomplete"));
}

TEST_CASE("a full disk gets no empty files") {
  FakeFs full;
  full.free_bytes = 0;
  Run run({}, full);
  CHECK(run.job() == Board::Outcome::failed);
  for (const char* name : {"vmcore", "vmcore-dmesg.txt", "kdump-init.log", "report.json"}) {
    CAPTURE(name);
    CHECK(!run.has(name));
    CHECK(!run.has((std::string(name) + "-incomplete").c_str()));
  }
}
