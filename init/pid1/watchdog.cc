// See watchdog.h. Source: Linux' Documentation/watchdog/watchdog-api.rst.
#include "init/pid1/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <new>
#include <string>

#include "filter/base/file.h"
#include "init/capture/heartbeat.h"

namespace kdump {
namespace {

// The last name is for drivers that register with no number; for others it is the first device
// once more, and busy.
constexpr const char* kNames[] = {"watchdog0", "watchdog1", "watchdog2", "watchdog3", "watchdog"};
// A kernel that writes much to a slow console does nothing else meanwhile.
constexpr int kMinTimeoutS = 60;
constexpr int64_t kDisarmMs = 2000;

// Shared by PID 1 and the keeper.
struct Pulse {
  std::atomic<int64_t> beat_ms{0};  // CLOCK_MONOTONIC
  std::atomic<bool> is_to_disarm{false};
  std::atomic<bool> is_disarmed{false};
};

Pulse* pulse = nullptr;  // set once, early

// Of the last name, which is the first device once more, as of that.
bool is_idle(const WatchdogOptions& options, size_t number) {
  constexpr size_t kMaxStateBytes = 64;
  const char* const name = number + 1 == std::size(kNames) ? kNames[0] : kNames[number];
  const auto state = read_small_file(real_sys(), std::string(options.sysfs) + "/" + name + "/state",
                                     kMaxStateBytes);
  return state && *state == "inactive\n";
}

// Opening starts it, as everything that follows: there is no way to look without.
int open_watchdog(const WatchdogOptions& options, const char* name, Console& console) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", options.directory, name);
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -1;
  watchdog_info info{};
  ::ioctl(fd, WDIOC_GETSUPPORT, &info);
  int timeout_s = 0;
  if (::ioctl(fd, WDIOC_GETTIMEOUT, &timeout_s) == 0 && timeout_s < kMinTimeoutS) {
    int wanted_s = kMinTimeoutS;
    ::ioctl(fd, WDIOC_SETTIMEOUT, &wanted_s);  // not all can: what it has must do then
    ::ioctl(fd, WDIOC_GETTIMEOUT, &timeout_s);
  }
  console.say("watchdog %s (%.*s) is kept alive; it resets the machine after %d s without", path,
              static_cast<int>(sizeof info.identity), reinterpret_cast<const char*>(info.identity),
              timeout_s);
  return fd;
}

void write_byte(int fd, char byte) { [[maybe_unused]] const ssize_t put = ::write(fd, &byte, 1); }

[[noreturn]] void feed(const WatchdogOptions& options, Console& console) {
  Sys& sys = real_sys();
  int fds[std::size(kNames)];
  for (int& fd : fds) fd = -1;
  for (;; sys.sleep_ms(options.every_ms)) {
    if (pulse->is_to_disarm) {
      for (const int fd : fds)
        if (fd >= 0) {
          write_byte(fd, 'V');  // without which closing would not stop it
          ::close(fd);
        }
      pulse->is_disarmed = true;
      for (;;) ::pause();
    }
    if (sys.monotonic_ms() - pulse->beat_ms >= options.stale_ms) continue;
    for (size_t i = 0; i < std::size(fds); ++i) {
      if (fds[i] < 0 && (options.start_idle || !is_idle(options, i)))
        fds[i] = open_watchdog(options, kNames[i], console);
      if (fds[i] >= 0) write_byte(fds[i], '\0');
    }
  }
}

void become_keeper() {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_NAME, "kdump-watchdog");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); fd >= 0) {
    [[maybe_unused]] const ssize_t put = ::write(fd, "-1000", 5);
    ::close(fd);
  }
}

}  // namespace

Result<> start_watchdog_feeder(const WatchdogOptions& options, Console& console) {
  void* const shared = ::mmap(nullptr, sizeof(Pulse), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (shared == MAP_FAILED) return fail_errno(errno, "map the watchdog keeper's pulse");
  pulse = new (shared) Pulse;
  start_heartbeat(pulse->beat_ms);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "fork the watchdog keeper");
  if (pid == 0) {
    become_keeper();
    feed(options, console);
  }
  return {};
}

void disarm_watchdogs() {
  if (!pulse) return;
  Sys& sys = real_sys();
  pulse->is_to_disarm = true;
  const int64_t until_ms = sys.monotonic_ms() + kDisarmMs;
  while (!pulse->is_disarmed && sys.monotonic_ms() < until_ms) sys.sleep_ms(10);
}

}  // namespace kdump
