// Every system call of a job, as its supervisor would see it if that call never came back: what the
// board says then must end the job within the times of the arguments. And whichever call fails, no
// job outstays a wait that it has named, says "saved" of what is not, or leaves anything open.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>

#include "init/capture/job/check_job.h"
#include "init/capture/job/dump_job.h"
#include "init/capture/job/log_job.h"
#include "tests/fixtures/figure.h"
#include "tests/init/tiny_core.h"
#include "tests/targets/target_scene.h"

namespace kdump {
namespace {

constexpr uint32_t kStepS = 7, kStallS = 20;
// Calls of an NFS target have the longest (nfs_target.cc).
constexpr int64_t kLongestWaitMs = 1000 * std::max(kStepS, 2 * kStallS + 10);
constexpr const char* kScenes[] = {"dir", "fs", "raw", "nfs"};

// What init/capture/supervise.cc goes by, looked at in every system call.
class SupervisorsView {
 public:
  SupervisorsView(const Board& board, FakeSys& sys) : board_(board), sys_(sys) {
    sys.before_each = [this] { look(); };
  }
  ~SupervisorsView() { sys_.before_each = nullptr; }

  int overdue = 0;            // calls that a supervisor would not have let happen
  int unbounded = 0;          // calls that it would let last too long
  int most_silent_calls = 0;  // between two signs of life

 private:
  void look() {
    const int64_t now_ms = sys_.monotonic_ms();
    const uint64_t beat = board_.beat;
    const int64_t until_ms = board_.wait_until_ms;
    if (beat != beat_ || until_ms != until_ms_) {
      since_ms_ = now_ms;
      silent_calls_ = 0;
    }
    beat_ = beat;
    until_ms_ = until_ms;
    most_silent_calls = std::max(most_silent_calls, ++silent_calls_);
    const int64_t end_ms = until_ms != 0 ? until_ms : since_ms_ + int64_t{kStallS} * 1000;
    overdue += now_ms > end_ms;
    unbounded += end_ms - now_ms > kLongestWaitMs;
  }

  const Board& board_;
  FakeSys& sys_;
  uint64_t beat_ = 0;
  int64_t until_ms_ = 0, since_ms_ = 0;
  int silent_calls_ = 0;
};

enum class Job : uint8_t { dump, log, check };
constexpr Job kJobs[] = {Job::dump, Job::log, Job::check};
const char* name_of(Job job) {
  constexpr const char* kNames[] = {"dump", "log", "check"};
  return kNames[static_cast<size_t>(job)];
}

// A job on one of the scenes, watched.
struct Run {
  Run(Job job, const char* which, FakeFaults faults) : scene(make_scene(which, faults, 4 << 20)) {
    FakeSys& sys = scene->sys;
    if (scene->store) scene->store->free_bytes = 8 << 20;
    sys.add_file("/proc/vmcore", tiny_core());
    Settings settings;
    settings.targets = {scene->url};
    settings.step_timeout_s = kStepS;
    settings.stall_timeout_s = kStallS;
    settings.compression.kind = Compression::Kind::none;
    Console console({.board = board.get()});
    view.emplace(*board, sys);
    const JobContext context{.network = *scene->network};
    if (job == Job::dump)
      run_dump_job(sys, settings, scene->url, context, *board, console);
    else if (job == Job::log)
      run_log_job(sys, settings, scene->url, context, *board, console);
    else
      run_check_job(sys, settings, scene->url, *scene->network, "/mnt", *board, console);
  }
  Board::Outcome outcome() const { return board->outcome(); }
  std::optional<std::string> saved(const char* name) const {
    // "/crash/NAME", of a device "/dev/vda (NAME)".
    const std::string where = board->location();
    std::string crash = where.substr(where.find_last_of("/(") + 1);
    if (crash.ends_with(')')) crash.pop_back();
    return scene->saved(crash, name);
  }

  std::unique_ptr<TargetScene> scene;
  const std::unique_ptr<Board> board = std::make_unique<Board>();
  std::optional<SupervisorsView> view;
};

}  // namespace

TEST_CASE("a system call that never comes back is ended within the times of the arguments") {
  for (const Job job : kJobs)
    for (const char* which : kScenes) {
      const Run run(job, which, {});
      CAPTURE(name_of(job));
      CAPTURE(which);
      CAPTURE(std::string(run.board->log_text()));
      // A log alone is not worth what lies on a device already.
      const bool is_refused = job == Job::log && which == std::string("raw");
      CHECK((run.outcome() == Board::Outcome::saved) == !is_refused);
      CHECK(run.view->unbounded == 0);
      CHECK(run.view->overdue == 0);
      print_figure(
          "%s job to %s: %d system calls, each ended in time should it hang; at most %d "
          "of them between two signs of life",
          name_of(job), which, run.scene->sys.calls(), run.view->most_silent_calls);
    }
}

TEST_CASE("reads and writes that move little at a time make no difference") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const Run whole(Job::dump, which, {}), little(Job::dump, which, {.short_io_bytes = 700});
    CHECK(little.outcome() == Board::Outcome::saved);
    CHECK((little.saved("vmcore") == whole.saved("vmcore")));
    CHECK(little.scene->sys.calls() > whole.scene->sys.calls());
  }
}

TEST_CASE("whichever system call of a job fails, it ends in time and says saved of what is") {
  for (const Job job : kJobs) {
    int failed_calls = 0, saved_all_the_same = 0;
    for (const char* which : kScenes)
      for (const bool for_ever : {false, true})
        // Each of the first, then samples: the later ones read the vmcore, page by page. Every call
        // to a target is failed in tests/targets/contract_test.cc.
        for (int nth = 1;; nth += nth < 40 ? 1 : 23) {
          REQUIRE(nth < 10'000);
          Run run(job, which, {.fail_nth = nth, .with = EIO, .for_ever = for_ever});
          CAPTURE(name_of(job));
          CAPTURE(which);
          CAPTURE(for_ever);
          CAPTURE(nth);
          CAPTURE(std::string(run.board->log_text()));
          if (!run.scene->sys.fired()) break;
          ++failed_calls;
          CHECK(run.view->overdue == 0);
          CHECK(run.view->unbounded == 0);
          CHECK(run.outcome() != Board::Outcome::none);
          CHECK(run.scene->sys.open_files() == 0);
          CHECK(run.scene->sys.monotonic_ms() <= 3 * kLongestWaitMs);
          if (run.outcome() != Board::Outcome::saved) {
            CHECK(run.board->error().text[0] != '\0');
            continue;
          }
          ++saved_all_the_same;
          if (job == Job::dump) CHECK(run.saved("vmcore"));
          if (job == Job::log) CHECK(run.saved("vmcore-dmesg.txt"));
        }
    print_figure(
        "%s job, four targets: %d runs, in each another system call fails, once or from "
        "then on: %d saved all the same, the others say why",
        name_of(job), failed_calls, saved_all_the_same);
  }
}

}  // namespace kdump
