// Real children that die, stall, linger and lie; and the order of targets over them.
#include "init/capture/supervise.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>
#include <string>

#include "filter/base/sys.h"
#include "init/capture/capture.h"
#include "init/capture/child.h"
#include "init/capture/job_progress.h"
#include "init/capture/progress_display.h"

namespace kdump {
namespace {

using Outcome = Board::Outcome;

// Only a supervisor that has lost its deadlines takes that long, however busy the machine is.
constexpr int64_t kPatienceMs = 120'000;

Board& shared_board() {
  static Board* board = Board::create().value();
  return *board;
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

void die_of(int signal_number) {
  const rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(signal_number, SIG_DFL);  // sanitizers catch some
  ::raise(signal_number);
}

// One supervised job, and its messages.
struct Run {
  explicit Run(const std::function<void(Board&)>& job, SupervisorOptions options = {}) {
    Board& board = shared_board();
    board.log_end = 0;
    Console console({.board = &board});
    const int64_t began_ms = real_sys().monotonic_ms();
    result = supervise(
        options, "dir:/x", [&] { job(board); }, board, console);
    elapsed_ms = real_sys().monotonic_ms() - began_ms;
    log = std::string(board.log_text());
  }
  std::string why() const { return result.error.text; }

  JobResult result;
  int64_t elapsed_ms = 0;
  std::string log;
};

TEST_CASE("a job that saved is believed") {
  const Run run([](Board& board) { board.finish(Outcome::saved, {}, "/x/crash"); });
  CHECK(run.result.outcome == Outcome::saved);
  CHECK(run.result.location == "/x/crash");
  CHECK(run.log.empty());
}

TEST_CASE("a job's own failure is passed on, and shown once") {
  const Run run([](Board& board) {
    board.finish(Outcome::failed, fail(Kind::no_space, "disk full").error(), "/x/crash");
  });
  CHECK(run.result.outcome == Outcome::failed);
  CHECK(run.result.error.kind == Kind::no_space);
  CHECK(run.why() == "disk full");
  CHECK(run.log.empty());
}

TEST_CASE("a killed job is a failure that names the signal") {
  const Run run([](Board&) { die_of(SIGKILL); });
  CHECK(run.result.outcome == Outcome::failed);
  CHECK(run.why() == "dir:/x: before it was done: killed by signal 9 (Killed)");
  CHECK(run.log.find("FAILED dir:/x: before it was done: killed by signal 9") != run.log.npos);
}

TEST_CASE("a job that crashes is a failure that names the signal") {
  const Run run([](Board&) { die_of(SIGSEGV); });
  CHECK(run.why().find("killed by signal 11") != std::string::npos);
}

TEST_CASE("a job that exits without a word is a failure") {
  CHECK(Run([](Board&) {}).why() == "dir:/x: before it was done: exited with status 0");
  CHECK(Run([](Board&) { ::_exit(3); }).why() ==
        "dir:/x: before it was done: exited with status 3");
}

TEST_CASE("a job that hangs while pages are counted has died, one that hangs elsewhere has not") {
  for (const Phase phase : {Phase::open, Phase::plan, Phase::write}) {
    const Run run(
        [&](Board& board) {
          board.phase = phase;
          hang();
        },
        {.stall_s = 1});
    CHECK(run.result.died == (phase == Phase::plan));
  }
  CHECK(Run([](Board&) { die_of(SIGSEGV); }).result.died);
  CHECK_FALSE(Run([](Board& board) {
                board.finish(Outcome::saved, {}, "");
                die_of(SIGSEGV);
              }).result.died);
}

TEST_CASE("a job that finds no memory says so") {
  const Run run([](Board&) {
    if (const std::new_handler no_memory = std::get_new_handler()) no_memory();  // as operator new
  });
  CHECK(run.result.error.sys_errno == ENOMEM);
  CHECK(run.why().find("it needs more memory") != std::string::npos);
}

TEST_CASE("a job that makes no progress is ended") {
  const Run run(
      [](Board& board) {
        board.tick();
        hang();
      },
      {.stall_s = 1});
  CHECK(run.result.outcome == Outcome::failed);
  CHECK(run.result.error.kind == Kind::timeout);
  CHECK(run.why() == "dir:/x: no progress for 1 s");
  CHECK(run.elapsed_ms >= 1000);
  CHECK(run.elapsed_ms < kPatienceMs);
  CHECK(!run.result.abandoned);
}

TEST_CASE("a job that makes progress, but never ends, is ended after its limit") {
  const Run run(
      [](Board& board) {
        for (;;) {
          board.tick();
          real_sys().sleep_ms(50);
        }
      },
      {.stall_s = 1, .limit_s = 1});
  CHECK(run.result.outcome == Outcome::failed);
  CHECK(run.result.error.kind == Kind::timeout);
  CHECK(run.why() == "dir:/x: not done 1 s after its limit of 1 s (rd.kdump.limit)");
  CHECK(run.elapsed_ms >= 2000);
  CHECK(run.elapsed_ms < kPatienceMs);
}

TEST_CASE("a job that makes progress, slowly, is left alone") {
  const Run run(
      [](Board& board) {
        for (int i = 0; i < 6; ++i) {
          real_sys().sleep_ms(800);
          board.tick();
        }
        board.finish(Outcome::saved, {}, "");
      },
      {.stall_s = 4});  // sleeps that a busy machine may well make five times as long
  CHECK(run.result.outcome == Outcome::saved);
}

TEST_CASE("a named wait may last longer than a stall, but not past its deadline") {
  const Run in_time(
      [](Board& board) {
        board.begin_wait("device UUID=1", real_sys().monotonic_ms() + 3000);
        real_sys().sleep_ms(2000);
        board.finish(Outcome::saved, {}, "");
      },
      {.stall_s = 1});
  CHECK(in_time.result.outcome == Outcome::saved);

  const Run overdue(
      [](Board& board) {
        board.begin_wait("device UUID=1", real_sys().monotonic_ms() + 500);
        hang();
      },
      {.stall_s = 60, .grace_ms = 500});
  CHECK(overdue.result.error.kind == Kind::timeout);
  CHECK(overdue.why() == "dir:/x: still waiting for device UUID=1 past its deadline");
  CHECK(overdue.elapsed_ms < kPatienceMs);
}

TEST_CASE("a dump that is saved stays saved when what follows hangs or crashes") {
  const Run hung(
      [](Board& board) {
        board.finish(Outcome::saved, {}, "/x/crash");
        hang();
      },
      {.stall_s = 1});
  CHECK(hung.result.outcome == Outcome::saved);
  CHECK(hung.log.find("no progress for 1 s") != hung.log.npos);

  const Run crashed([](Board& board) {
    board.finish(Outcome::saved, {}, "/x/crash");
    die_of(SIGABRT);
  });
  CHECK(crashed.result.outcome == Outcome::saved);
  CHECK(crashed.log.find("report may be missing: killed by signal 6") != crashed.log.npos);
}

TEST_CASE("a job that ignores every signal it can is ended all the same") {
  const Run run(
      [](Board&) {
        for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_IGN);
        hang();
      },
      {.stall_s = 1});
  CHECK(run.result.error.kind == Kind::timeout);
  CHECK(!run.result.abandoned);
}

TEST_CASE("a job that writes nonsense on the board is only a failed job") {
  const Run run([](Board& board) {
    memset(static_cast<void*>(&board), 0xff, sizeof(Board));
    die_of(SIGKILL);
  });
  CHECK(run.result.outcome == Outcome::failed);
  CHECK(run.why().find("killed by signal 9") != std::string::npos);
}

TEST_CASE("SIGTERM lets the job finish up, and no other target is tried") {
  const pid_t supervisor = ::getpid();
  const Run run([&](Board& board) {
    static volatile sig_atomic_t asked = 0;
    ::signal(SIGTERM, [](int) { asked = 1; });
    ::kill(supervisor, SIGTERM);
    while (!asked) real_sys().sleep_ms(10);
    board.finish(Outcome::incomplete, fail(Kind::refused, "interrupted").error(), "/x/crash");
  });
  CHECK(run.result.interrupted);
  CHECK(run.result.outcome == Outcome::incomplete);
  CHECK(run.result.location == "/x/crash");
}

TEST_CASE("a hangup stops the job in order, unless it is ignored, as under nohup") {
  const pid_t supervisor = ::getpid();
  const auto hung_up = [&](Board& board) {
    static volatile sig_atomic_t asked = 0;
    ::signal(SIGTERM, [](int) { asked = 1; });
    // The terminal's end reaches both processes.
    ::kill(::getpid(), SIGHUP);
    ::kill(supervisor, SIGHUP);
    for (int i = 0; i < 50 && !asked; ++i) real_sys().sleep_ms(10);
    board.finish(asked ? Outcome::incomplete : Outcome::saved, {}, "/x/crash");
  };
  const Run stopped(hung_up);
  CHECK(stopped.result.interrupted);
  CHECK(stopped.result.outcome == Outcome::incomplete);

  ::signal(SIGHUP, SIG_IGN);
  const Run ignored(hung_up);
  ::signal(SIGHUP, SIG_DFL);
  CHECK(!ignored.result.interrupted);
  CHECK(ignored.result.outcome == Outcome::saved);
}

TEST_CASE("where a killed job's files lie is known") {
  const Run run([](Board& board) {
    board.locate("/x/crash");
    die_of(SIGKILL);
  });
  CHECK(run.result.outcome == Outcome::failed);
  CHECK(run.result.location == "/x/crash");
}

TEST_CASE("a job that does not heed SIGTERM is killed after a while") {
  const pid_t supervisor = ::getpid();
  const Run run(
      [&](Board&) {
        ::signal(SIGTERM, SIG_IGN);
        ::kill(supervisor, SIGTERM);
        hang();
      },
      {.stop_ms = 500});
  CHECK(run.result.interrupted);
  CHECK(run.result.outcome == Outcome::failed);
  CHECK(run.why() == "dir:/x: interrupted");
  CHECK(run.elapsed_ms < kPatienceMs);
}

TEST_CASE("where two interrupts are needed one is only reported") {
  const pid_t supervisor = ::getpid();
  const Run once(
      [&](Board& board) {
        ::kill(supervisor, SIGINT);
        real_sys().sleep_ms(300);
        board.finish(Outcome::saved, {}, "");
      },
      {.interrupts = 2});
  CHECK(once.result.outcome == Outcome::saved);
  CHECK(!once.result.interrupted);
  CHECK(once.log.find("1 more within 10s") != once.log.npos);

  const Run twice(
      [&](Board&) {
        ::kill(supervisor, SIGINT);
        real_sys().sleep_ms(300);
        ::kill(supervisor, SIGINT);
        hang();
      },
      {.interrupts = 2});
  CHECK(twice.result.interrupted);
}

TEST_CASE("the supervisor's own signals are as before afterwards") {
  sigset_t before, after;
  ::sigprocmask(SIG_BLOCK, nullptr, &before);
  Run([](Board&) {});
  ::sigprocmask(SIG_BLOCK, nullptr, &after);
  CHECK(sigismember(&before, SIGTERM) == sigismember(&after, SIGTERM));
  CHECK(sigismember(&before, SIGCHLD) == sigismember(&after, SIGCHLD));
}

TEST_CASE("bounded work is done, fails, or is ended") {
  CHECK(run_bounded("work", 10, [] {}));
  const auto failed = run_bounded("work", 10, [] { ::_exit(1); });
  REQUIRE(!failed);
  CHECK(std::string(failed.error().text) == "work: exited with status 1");
  const auto hung = run_bounded("work", 1, hang);
  REQUIRE(!hung);
  CHECK(hung.error().kind == Kind::timeout);
  CHECK(std::string(hung.error().text) == "work: not done after 1 s, ended");
}

TEST_CASE("a parent reaps children that it did not wait for") {
  const pid_t stranger = ::fork();
  if (stranger == 0) ::_exit(0);
  while (::kill(stranger, 0) == 0) CHECK(run_bounded("work", 10, [] {}));
  CHECK(errno == ESRCH);
}

// -- Targets in order.

struct Tried {
  CaptureResult captured;
  std::string urls;  // those whose job ran, each followed by a space
  std::string log;
};

// Seen by all jobs.
std::atomic<int>& tries_of_boots() {
  static auto* const tries = new (::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) std::atomic<int>();
  return *tries;
}

// A job that does what its URL says.
Tried try_targets(std::vector<std::string> urls, SupervisorOptions options = {}) {
  Board& board = shared_board();
  board.log_end = 0;
  Console console({.board = &board});
  int ends[2];
  REQUIRE(::pipe2(ends, O_NONBLOCK) == 0);
  Settings settings;
  settings.targets = std::move(urls);
  tries_of_boots() = 0;
  Tried tried;
  tried.captured = capture(
      settings, options,
      [&](const Attempt& attempt) {
        const auto& [url, kind, room, has_next_target, failed_locations] = attempt;
        for (const std::string& location : failed_locations) {
          const std::string passed = "(" + location + ") ";
          [[maybe_unused]] const ssize_t put = ::write(ends[1], passed.data(), passed.size());
        }
        const char* const what = kind == JobKind::log          ? "log:"
                                 : kind == JobKind::unfiltered ? "all:"
                                                               : "";
        const std::string done = what + url + " ";
        [[maybe_unused]] const ssize_t put = ::write(ends[1], done.data(), done.size());
        if (url.starts_with("saves")) board.finish(Outcome::saved, {}, "at " + url);
        if (url.starts_with("lacks"))
          board.finish(Outcome::incomplete, fail(Kind::no_space, "full").error(), "at " + url);
        if (url.starts_with("short"))
          board.finish(Outcome::lacks_memory, fail(Kind::corrupt, "missing").error(), "at " + url);
        if (url.starts_with("waits") && room == RoomUse::ordinary) {
          board.deferred = true;
          board.finish(Outcome::failed, fail(Kind::no_space, "put off").error(), "");
        } else if (url.starts_with("waits")) {
          board.finish(Outcome::saved, {}, "in all of " + url);
        }
        if (url.starts_with("boots")) {
          // A server that is there from the second try on.
          if (++tries_of_boots() == 1)
            board.finish(Outcome::failed, fail(Kind::timeout, "no route").error(),
                         url.ends_with("late") ? "at " + url : "");
          else
            board.finish(Outcome::saved, {}, "at " + url);
        }
        if (url.starts_with("key"))
          board.finish(Outcome::failed, fail(Kind::refused, "not this key").error(), "");
        if (url.starts_with("raw")) board.no_retry = true;
        if (url.starts_with("fails") || url.starts_with("raw"))
          board.finish(Outcome::failed, fail(Kind::io, "no %s", url.c_str()).error(), "");
        if (url.ends_with("refused") && kind == JobKind::unfiltered)
          board.finish(Outcome::failed, fail(Kind::refused, "written over").error(), "");
        else if (url.starts_with("dies"))
          die_of(SIGKILL);
        if (url.starts_with("misled") && kind == JobKind::dump) die_of(SIGSEGV);
        if (url.starts_with("misled")) board.finish(Outcome::saved, {}, "at " + url);
        if (url.starts_with("stops")) {
          ::kill(::getppid(), SIGTERM);
          hang();
        }
      },
      board, console);
  char bytes[512];
  const ssize_t got = ::read(ends[0], bytes, sizeof bytes);
  if (got > 0) tried.urls.assign(bytes, static_cast<size_t>(got));
  tried.log = std::string(board.log_text());
  ::close(ends[0]);
  ::close(ends[1]);
  return tried;
}

TEST_CASE("targets are tried in order until one has saved; the others get the log") {
  const Tried tried = try_targets({"fails1", "dies", "saves1", "saves2", "fails2"});
  CHECK(tried.urls == "fails1 dies all:dies saves1 log:saves2 log:fails2 ");
  CHECK(tried.captured.outcome == Outcome::saved);
  CHECK(tried.captured.target == "saves1");
  CHECK(tried.captured.location == "at saves1");
  CHECK(tried.log.find("trying the next target, dies") != tried.log.npos);
}

TEST_CASE("a target whose job died is tried once more, for every page; for the log it is not") {
  const Tried once = try_targets({"misled", "dies"});
  CHECK(once.urls == "misled all:misled log:dies ");
  CHECK(once.captured.outcome == Outcome::saved);
  CHECK(once.captured.location == "at misled");
  CHECK(once.log.find("trying misled once more, for every page") != once.log.npos);
  const Tried never = try_targets({"dies refused"});
  CHECK(never.urls == "dies refused all:dies refused ");
  CHECK(std::string(never.captured.error.text).find("killed by signal 9") != std::string::npos);
}

TEST_CASE("an incomplete dump is kept while the next target is tried") {
  const Tried better = try_targets({"lacks1", "saves1"});
  CHECK(better.captured.outcome == Outcome::saved);
  CHECK(better.captured.target == "saves1");

  const Tried best = try_targets({"fails1", "lacks1", "lacks2", "fails2"});
  CHECK(best.urls == "fails1 lacks1 lacks2 fails2 ");
  CHECK(best.captured.outcome == Outcome::incomplete);
  CHECK(best.captured.target == "lacks1");
  CHECK(best.captured.location == "at lacks1");
}

TEST_CASE("where all that the vmcore holds is saved no other target is tried for the dump") {
  const Tried tried = try_targets({"fails1", "lacks1", "short1", "saves1"});
  CHECK(tried.urls == "fails1 lacks1 short1 log:saves1 ");
  CHECK(tried.captured.outcome == Outcome::lacks_memory);
  CHECK(tried.captured.target == "short1");
  CHECK(std::string(tried.captured.error.text) == "missing");
}

TEST_CASE("a target that is put off is tried again only when no other has saved") {
  const Tried unneeded = try_targets({"waits1", "saves1"});
  CHECK(unneeded.urls == "waits1 saves1 ");
  CHECK(unneeded.captured.target == "saves1");

  const Tried needed = try_targets({"fails1", "waits1", "waits2", "lacks1"});
  CHECK(needed.urls == "fails1 waits1 waits2 lacks1 waits1 ");
  CHECK(needed.captured.outcome == Outcome::saved);
  CHECK(needed.captured.location == "in all of waits1");
  CHECK(needed.log.find("trying waits1 again, for all the room that it has") != needed.log.npos);

  // There is nothing to put it off for.
  CHECK(try_targets({"waits1"}).urls == "waits1 ");
  CHECK(try_targets({"fails1", "waits1"}).urls == "fails1 waits1 ");
}

TEST_CASE("where all fail the last failure is reported") {
  const Tried tried = try_targets({"fails1", "fails2"});
  CHECK(tried.captured.outcome == Outcome::failed);
  CHECK(tried.captured.target == "fails2");
  CHECK(std::string(tried.captured.error.text) == "no fails2");
}

TEST_CASE("where all have failed, those that may take the dump later are tried again") {
  const SupervisorOptions options{.retry_s = 15};
  const Tried later = try_targets({"key", "boots late", "raw"}, options);
  // The second attempt learns where the first one has left files.
  CHECK(later.urls == "key boots late raw (at boots late) boots late ");
  CHECK(later.captured.outcome == Outcome::saved);
  CHECK(later.captured.location == "at boots late");
  CHECK(later.log.find("trying again for 15 s (rd.kdump.retry)") != later.log.npos);
  // Not for what stays as it is, nor where a dump is there, nor for ever.
  CHECK(try_targets({"key", "raw"}, options).urls == "key raw ");
  CHECK(try_targets({"fails", "lacks"}, options).urls == "fails lacks ");
  const Tried never = try_targets({"fails1", "fails2"}, {.retry_s = 1});
  CHECK(never.urls == "fails1 fails2 fails1 fails2 ");
  CHECK(std::string(never.captured.error.text) == "no fails2");
}

TEST_CASE("the pause before another try ends with an interrupt") {
  const pid_t tester = ::getpid();
  const pid_t killer = ::fork();
  if (killer == 0) {
    ::sleep(2);
    ::kill(tester, SIGTERM);
    ::_exit(0);
  }
  const int64_t began_ms = real_sys().monotonic_ms();
  const Tried tried = try_targets({"fails"}, {.retry_s = 300});
  CHECK(tried.captured.interrupted);
  CHECK(tried.urls == "fails ");
  CHECK(real_sys().monotonic_ms() - began_ms < 9'000);
}

TEST_CASE("an interrupt ends the list") {
  const Tried tried = try_targets({"stops", "saves"});
  CHECK(tried.urls == "stops ");
  CHECK(tried.captured.interrupted);
  CHECK(tried.captured.outcome == Outcome::failed);
}

TEST_CASE("no target at all is a failure") {
  CHECK(try_targets({}).captured.outcome == Outcome::failed);
}

// -- Progress.

TEST_CASE("progress says how far, how fast and how long") {
  constexpr uint64_t kGib = (1 << 30) / 4096;
  CHECK(format_progress(
            "nfs://10.0.0.5/crash",
            {.phase = Phase::write, .done = kGib * 4, .total = kGib * 16, .elapsed_ms = 40'000}) ==
        "writing nfs://10.0.0.5...: 25% 4.0/16.0 GiB 102 MiB/s eta 120s");
  CHECK(format_progress("nfs://10.0.0.5/crash",
                        {.phase = Phase::write, .done = 256, .total = 2560, .elapsed_ms = 1000}) ==
        "writing nfs://10.0.0.5/crash: 10% 1.0/10.0 MiB 1 MiB/s eta 9s");
  CHECK(format_progress("x", {.phase = Phase::plan, .done = 0, .total = 256}) ==
        "planning x: 0% 0.0/1.0 MiB");
}

TEST_CASE("a dump that is written, and is now read back, is not shown as being written") {
  int screen[2];
  REQUIRE(::pipe2(screen, O_NONBLOCK | O_CLOEXEC) == 0);
  Board& board = shared_board();
  board.reset();
  Console console({.screen_fd = screen[1]});
  JobProgress progress(real_sys(), board, console);
  ProgressDisplay display("fs:UUID=x:/crash", board, console);
  const auto shown = [&] {
    char text[4096];
    const ssize_t got = ::read(screen[0], text, sizeof text);
    return got > 0 ? std::string(text, static_cast<size_t>(got)) : std::string();
  };
  progress.enter(Step::write);
  progress.update(Phase::write, 1, 100, 0);
  display.update(1000);
  progress.update(Phase::write, 97, 100, 0);
  display.update(10'000);
  CHECK(shown().find("writing fs:UUID=x:/crash: 97%") != std::string::npos);
  progress.update(Phase::write, 100, 100, 0);
  progress.enter(Step::verify);
  display.update(20'000);
  CHECK(shown().empty());
  ::close(screen[0]);
  ::close(screen[1]);
}

TEST_CASE("nonsense as progress gives nonsense, in order") {
  for (const uint64_t done : {uint64_t{0}, uint64_t{1}, UINT64_MAX})
    for (const uint64_t total : {uint64_t{0}, uint64_t{1}, UINT64_MAX}) {
      const std::string line = format_progress(
          "x", {.phase = static_cast<Phase>(200), .done = done, .total = total, .elapsed_ms = 1});
      CHECK(line.size() < 150);
    }
}

}  // namespace
}  // namespace kdump
