// The whole story of a dump, over a kernel in memory: what is saved, in which order it is safe, and
// what is left when something fails.
#include "init/capture/job/dump_job.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <thread>

#include "init/capture/job_progress.h"
#include "init/capture/stop_request.h"
#include "tests/init/capture/job/dump_job_run.h"
#include "tests/targets/target_scene.h"

using namespace kdump;

namespace {

// The status flag "incomplete" in the header of a kdump-compressed dump.
bool is_marked_incomplete(const std::string& dump) {
  constexpr size_t kStatusOffset = 424;
  return dump.size() > kStatusOffset && (dump[kStatusOffset] & 8);
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a key that cannot be is named on the console, in the log and in the report") {
  for (const std::string key : {"LENGTH(zone.free_area)", "NUMBER(SECTION_SIZE_BITS)",
                                "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", "OFFSET(page.mapping)"}) {
    CAPTURE(key);
    const TextCore core(
        "kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\nram 0 1M\n"
        "data 128K\npage 128 free order=7\n" +
        key + "=1");
    Run run;
    run.sys.add_file("/core", content_of(core.path()));
    run.settings.vmcore = "/core";
    CHECK(run.job() == Board::Outcome::saved);
    CHECK(run.log_says(key.c_str()));  // what the console says is what the board has
    const std::string log = run.file("kdump-init.log"), report = run.file("report.json");
    CHECK(says(log, key.c_str()));
    REQUIRE(says(report, "\"warnings\": ["));
    CHECK(says(report.substr(report.find("\"warnings\"")), key.c_str()));
  }
}

TEST_CASE("memory far up makes the dump ELF: the bitmaps of kdump would be larger than memory") {
  const TextCore far(
      "kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\n"
      "load 0xfffffffe00000 0x200000 0x200000 0xffff908000000000\nram 0 12M\n");
  Run run;
  run.sys.add_file("/far", content_of(far.path()));
  run.settings.vmcore = "/far";
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("would take 256"));
  CHECK(
      run.file("vmcore").starts_with("\x7f"
                                     "ELF"));
  CHECK(run.file("vmcore").size() < 20u << 20);
  CHECK(says(run.file("report.json"), "\"format\": \"elf\""));
}

TEST_CASE("a dump is saved with the crashed kernel's log, this run's log and a report") {
  Run run;
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.board->location() == kDirectory);
  CHECK(run.file("vmcore").starts_with("KDUMP   "));
  CHECK(!is_marked_incomplete(run.file("vmcore")));
  CHECK(!run.has("vmcore-incomplete"));
  CHECK(says(run.file("vmcore-dmesg.txt"), kTinyPanic));
  CHECK(says(run.file("kdump-init.log"), "saved /crash/tiny-"));
  CHECK(says(run.file("report.json"), "\"status\": \"saved\""));
  CHECK(says(run.file("report.json"), "\"host\": \"tiny\""));
  // Without symbols and types the log is all that the crash report has.
  CHECK(run.file("crash.txt").starts_with("out of coffee\nsignature  1-"));
  CHECK(says(run.file("crash.json"), "\"source\": \"log\""));
  CHECK(says(run.file("SHA256SUMS"), "crash.json"));
  CHECK(run.log_says("out of coffee, signature 1-"));
  CHECK(run.sys.open_files() == 0);
}

TEST_CASE("after a job that died every page is kept, beside what that one has left") {
  const TextCore core(
      "kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\nram 0 1M\n"
      "data 128K\npage 128 free order=7\n");
  Run run;
  run.sys.add_file("/core", content_of(core.path()));
  run.settings.vmcore = "/core";
  CHECK(run.job() == Board::Outcome::saved);
  CHECK(run.log_says("level 31: 128 of 256 pages"));
  const std::string filtered = run.file("vmcore");
  CHECK(run.has("vmcore-dmesg.txt"));

  CHECK(run.unfiltered_job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.board->location() == std::string(kDirectory) + ".1");
  CHECK(run.log_says("level 31: 256 of 256 pages"));
  CHECK(run.has("vmcore-dmesg.txt"));
  CHECK(says(run.file("report.json"), "a job died before"));
  CHECK(run.sys.content(std::string(kDirectory) + "/vmcore") == filtered);
}

TEST_CASE("after a job that died nothing is written over") {
  const auto scene = make_scene("raw");
  scene->sys.add_file(kVmcore, tiny_core());
  const auto board = std::make_unique<Board>();
  Console console({.board = board.get()});
  run_unfiltered_job(scene->sys, {}, scene->url, {.network = *scene->network}, *board, console);
  CHECK(board->outcome() == Board::Outcome::failed);
  CHECK(std::string(board->error().text).find("would be written over") != std::string::npos);
}

TEST_CASE("once a dump is read back nothing keeps its target busy") {
  for (const char* which : {"fs", "nfs"}) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    scene->sys.add_file(kVmcore, tiny_core());
    Settings settings;
    settings.targets = {scene->url};
    const auto board = std::make_unique<Board>();
    Console console({.board = board.get()});
    run_dump_job(scene->sys, settings, scene->url, {.network = *scene->network}, *board, console);
    const std::string log = std::string(board->log_text());
    CAPTURE(log);
    CHECK(board->outcome() == Board::Outcome::saved);
    CHECK(says(log, "verified: read back"));
    CHECK(!says(log, "not closed cleanly"));
  }
}

TEST_CASE("whichever system call fails, a file named vmcore is complete or absent") {
  Run undisturbed;
  REQUIRE(undisturbed.job() == Board::Outcome::saved);
  const std::string golden = undisturbed.file("vmcore");

  for (const int with : {EIO, ENOSPC}) {
    for (const bool for_ever : {false, true}) {
      int nth = 1;
      for (; nth < 10'000; ++nth) {
        Run run({.fail_nth = nth, .with = with, .for_ever = for_ever});
        const Board::Outcome outcome = run.job();
        CAPTURE(with);
        CAPTURE(for_ever);
        CAPTURE(nth);
        CAPTURE(std::string(run.board->log_text()));
        // What of the vmcore cannot be read is missed with a warning; nothing else is.
        if (run.has("vmcore") && !run.log_says("warning: ")) CHECK(run.file("vmcore") == golden);
        if (run.has("vmcore")) CHECK(!is_marked_incomplete(run.file("vmcore")));
        if (outcome == Board::Outcome::saved) CHECK(run.has("vmcore"));
        if (outcome != Board::Outcome::saved) CHECK(run.board->error().text[0] != '\0');
        CHECK(outcome != Board::Outcome::none);
        CHECK(run.sys.open_files() == 0);
        if (!run.sys.fired()) break;  // every call has been tried
      }
      CHECK(nth > 20);
      CHECK(nth < 10'000);
    }
  }
}

TEST_CASE("whenever the power fails, a file named vmcore is complete or absent") {
  Run undisturbed;
  REQUIRE(undisturbed.job() == Board::Outcome::saved);
  const std::string golden = undisturbed.file("vmcore");
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{4711}, UINT64_MAX}) {
    for (int nth = 1; nth < 10'000; ++nth) {
      Run run({.cut_nth = nth});
      const bool saved = run.job() == Board::Outcome::saved;
      const bool fired = run.sys.fired();
      run.sys.power_cut(seed);
      run.sys.add_mount("/dev/vda", "/crash", *run.disk);
      CAPTURE(seed);
      CAPTURE(nth);
      if (run.has("vmcore")) CHECK(run.file("vmcore") == golden);
      if (saved) CHECK(run.has("vmcore"));
      if (!fired) break;
    }
  }
}

TEST_CASE("where the space does not suffice the next level is written") {
  FakeFs small;
  small.free_bytes = (1 << 20) + kTinyLimitBytes;  // the job keeps 1 MiB for log and report
  Run run({}, small);
  run.settings.levels = {0, 31};
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("level 0: "));
  CHECK(run.log_says("does not fit"));
  CHECK(says(run.file("report.json"), "\"level\": 31"));
}

TEST_CASE("where no level fits the dump is cut off, valid and marked") {
  FakeFs small;
  small.free_bytes = (1 << 20) + kTinyLimitBytes;
  Run run({}, small);
  run.settings.levels = {0};
  CHECK(run.job() == Board::Outcome::incomplete);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(!run.has("vmcore"));
  CHECK(is_marked_incomplete(run.file("vmcore-incomplete")));
  CHECK(run.file("vmcore-incomplete").size() <= kTinyLimitBytes);
  CHECK(run.board->error().kind == Kind::no_space);
  CHECK(says(run.file("vmcore-dmesg.txt"), kTinyPanic));
  CHECK(says(run.file("report.json"), "\"status\": \"incomplete\""));
  CHECK(says(run.file("kdump-init.log"), "INCOMPLETE"));
}

TEST_CASE("a vmcore that cannot be read leaves a directory with the log that says why") {
  Run run;
  run.settings.vmcore = "/proc/nothing";
  CHECK(run.job() == Board::Outcome::failed);
  const std::string where = run.board->location();
  CHECK(where.starts_with("/crash/localhost-"));
  CHECK(says(run.sys.content(where + "/kdump-init.log"), "/proc/nothing"));
  CHECK(says(run.sys.content(where + "/report.json"), "\"status\": \"failed\""));
  CHECK(!run.sys.contains(where + "/vmcore"));
}

TEST_CASE("a target that does not come fails in time, and says for what it waited") {
  Run run;
  run.settings.targets = {"fs:/dev/sdz9:/crash"};
  run.settings.step_timeout_s = 7;
  const int64_t began_ms = run.sys.monotonic_ms();
  CHECK(run.job() == Board::Outcome::failed);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.sys.monotonic_ms() - began_ms <= 8000);
  CHECK(run.log_says("/dev/sdz9"));
  CHECK(run.board->error().kind == Kind::timeout);
}

TEST_CASE("an output gets the dump alone, and the report goes where it is asked for") {
  Run run;
  run.settings.targets = {"/crash/only"};
  CHECK(run.output_job({.network = *run.network, .report_path = "/crash/r.json"}) ==
        Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.sys.content("/crash/only").starts_with("KDUMP   "));
  CHECK(says(run.sys.content("/crash/r.json"), "\"location\": \"/crash/only\""));
  CHECK(!run.sys.contains("/crash/report.json"));

  CHECK(run.output_job({.network = *run.network}) == Board::Outcome::failed);
  CHECK(run.log_says("/crash/only exists"));

  run.settings.targets = {"/crash/other"};
  CHECK(run.output_job({.network = *run.network}, JobKind::unfiltered) == Board::Outcome::failed);
  CHECK(run.board->error().kind == Kind::refused);
  CHECK(!run.sys.contains("/crash/other"));
}

TEST_CASE("a flattened output begins with its signature") {
  Run run;
  run.settings.targets = {"/crash/flat"};
  CHECK(run.output_job({.network = *run.network, .flatten = true}) == Board::Outcome::saved);
  CHECK(run.sys.content("/crash/flat").starts_with("makedumpfile"));
}

TEST_CASE("once a job is asked to stop it may not go on") {
  FakeSys sys;
  Console console({});
  JobProgress progress(sys, *Run::board, console);
  {
    const StopRequest stop;
    CHECK(progress.may_continue());
    raise(SIGTERM);
    const auto refused = progress.may_continue();
    REQUIRE(!refused);
    CHECK(refused.error().kind == Kind::refused);
  }
  CHECK(progress.may_continue());  // the request was that job's
}

TEST_CASE(
    "a dump that takes longer than rd.kdump.limit ends there, marked incomplete, with a report") {
  for (const Format format : {Format::kdump, Format::elf}) {
    Run run;
    run.settings.format = format;
    run.settings.limit_s = 1;
    run.sys.before_each = [&] {
      if (run.sys.contains(run.path_of("vmcore-incomplete"))) run.sys.sleep_ms(100);
    };
    CHECK(run.job() == Board::Outcome::incomplete);
    CAPTURE(std::string(run.board->log_text()));
    CHECK(run.log_says("not done after 1 s (rd.kdump.limit)"));
    CHECK(run.board->error().kind == Kind::timeout);
    CHECK(run.has("vmcore-dmesg.txt"));
    CHECK(!run.has("vmcore"));
    CHECK(!run.file("vmcore-incomplete").empty());
    CHECK(says(run.file("report.json"), "\"status\": \"incomplete\""));
    CHECK(says(run.file("report.json"), "rd.kdump.limit"));
  }
}

TEST_CASE("a job that is asked to stop closes its dump, marked incomplete") {
  Run run;
  run.sys.before_each = [&] {
    if (run.sys.contains(run.path_of("vmcore-incomplete"))) raise(SIGTERM);
  };
  CHECK(run.job() == Board::Outcome::incomplete);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("cut off: interrupted"));
  CHECK(is_marked_incomplete(run.file("vmcore-incomplete")));
  CHECK(!run.has("vmcore"));
  CHECK(run.has("report.json"));
}

TEST_CASE("a wait named within a write is not over because pages are compressed meanwhile") {
  FakeSys sys;
  Console console({});
  JobProgress progress(sys, *Run::board, console);
  struct Reconnecting final : Sink {
    explicit Reconnecting(JobProgress& of) : progress(of) {}
    Result<> write_at(uint64_t, Bytes) override {
      progress.waiting_for("a connection", 1000);
      return {};
    }
    JobProgress& progress;
  } target(progress);
  std::thread([&] { CHECK(target.write_at(0, {})); }).join();
  progress.tick();
  CHECK(Run::board->wait_until_ms.load() != 0);

  WatchedSink sink(target, progress);
  std::thread([&] { CHECK(target.write_at(0, {})); }).join();
  CHECK(sink.write_at(0, {}));
  CHECK(Run::board->wait_until_ms.load() == 0);
}
