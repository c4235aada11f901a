#include "init/capture/child.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "filter/base/sys.h"
#include "init/capture/heartbeat.h"

namespace kdump {
namespace {

constexpr int64_t kKillMs = 2000;        // for end_within
constexpr int64_t kLongestNapMs = 1000;  // between signs of life
// Memory or process numbers that are short may be free again soon; without a process nothing is
// saved at all.
constexpr int kForkTries = 10;
constexpr int64_t kForkEveryMs = 300;

sigset_t waited_signals(bool all) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  if (all) {
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    // A blocked signal arrives although it is ignored: nohup(1) asks that this one does not.
    struct sigaction hangup {};
    if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
      sigaddset(&set, SIGHUP);
  }
  return set;
}

// Not one that exec'd programs are likely to end with (sysexits.h has it for "operating system").
constexpr int kNoMemoryStatus = 71;

// A reader that has gone, and a file larger than RLIMIT_FSIZE.
constexpr int kWriteSignals[] = {SIGPIPE, SIGXFSZ};

void become_child(pid_t parent) {
  std::set_new_handler([] { ::_exit(kNoMemoryStatus); });
  // Handlers of the parent, such as PID 1's for its own crash, are not the child's. What is ignored
  // stays so, as across an exec: a dump that nohup(1) started survives its terminal.
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction inherited {};
    if (::sigaction(number, nullptr, &inherited) == 0 && inherited.sa_handler != SIG_IGN)
      ::signal(number, SIG_DFL);
  }
  ::signal(SIGTERM, SIG_DFL);  // the parent stops the child with it
  // The terminal sends these to both processes; the parent decides.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  report_write_signals_as_errors();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

void report_write_signals_as_errors() {
  for (const int number : kWriteSignals) ::signal(number, SIG_IGN);
}

void restore_signals_for_exec() {
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGHUP, SIG_DFL);
  for (const int number : kWriteSignals) ::signal(number, SIG_DFL);
}

BlockedSignals::BlockedSignals() {
  const sigset_t set = waited_signals(true);
  ::sigprocmask(SIG_BLOCK, &set, &previous_);
}

BlockedSignals::~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &previous_, nullptr); }

Result<Child> Child::start(const std::function<void()>& work) {
  const pid_t parent = ::getpid();
  pid_t pid = ::fork();
  for (int tries = 1; pid < 0 && tries < kForkTries; ++tries) {
    watchdog_heartbeat();
    real_sys().sleep_ms(kForkEveryMs);
    pid = ::fork();
  }
  if (pid < 0) return fail_errno(errno, "fork");
  if (pid > 0) return Child(pid);
  become_child(parent);
  work();
  ::_exit(0);
}

bool Child::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid == pid_) {
      status_ = status;
      has_ended_ = true;
    } else if (pid <= 0) {
      return has_ended_;
    }
  }
}

Child::Event Child::wait(int64_t until_ms, bool for_signals_too) {
  const sigset_t set = waited_signals(for_signals_too);
  for (;;) {
    if (has_ended_ || reap()) return Event::ended;
    watchdog_heartbeat();
    const int64_t left_ms = until_ms - real_sys().monotonic_ms();
    if (left_ms <= 0) return Event::timed_out;
    const int64_t nap_ms = left_ms < kLongestNapMs ? left_ms : kLongestNapMs;
    const timespec nap{.tv_sec = nap_ms / 1000, .tv_nsec = nap_ms % 1000 * 1'000'000};
    const int number = ::sigtimedwait(&set, nullptr, &nap);
    if (number == SIGINT) return Event::interrupted;
    if (number == SIGTERM || number == SIGHUP) return Event::terminated;
  }
}

void Child::signal(int number) const {
  if (!has_ended_) ::kill(pid_, number);
}

bool Child::kill(int64_t at_most_ms) {
  signal(SIGKILL);
  return wait(real_sys().monotonic_ms() + at_most_ms) == Event::ended;
}

Result<> Child::end_within(uint32_t seconds, const char* what) {
  if (wait(real_sys().monotonic_ms() + int64_t{seconds} * 1000) != Event::ended) {
    const bool is_gone = kill(kKillMs);
    return fail(Kind::timeout, "%s: not done after %u s, %s", what, seconds,
                is_gone ? "ended" : "and cannot be killed: left behind");
  }
  if (!exited_with_success()) return wrap(end(), "%s", what);
  return {};
}

Error Child::end() const {
  if (WIFSIGNALED(status_)) {
    const int number = WTERMSIG(status_);
    return fail(Kind::io, "killed by signal %d (%s)", number, strsignal(number)).error();
  }
  const int status = WEXITSTATUS(status_);
  if (status == kNoMemoryStatus) return fail_errno(ENOMEM, "it needs more memory").error();
  return fail(Kind::io, "exited with status %d", status).error();
}

void reap_ended_children() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

Result<> run_bounded(const char* what, uint32_t seconds, const std::function<void()>& work) {
  const BlockedSignals blocked;
  auto child = Child::start(work);
  if (!child) return wrap(child.error(), "%s", what);
  return child->end_within(seconds, what);
}

}  // namespace kdump
