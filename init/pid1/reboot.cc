#include "init/pid1/reboot.h"

#include <fcntl.h>
#include <mntent.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "filter/base/sys.h"
#include "init/capture/child.h"
#include "init/pid1/watchdog.h"

namespace kdump {
namespace {

constexpr uint32_t kSyncS = 15, kDrainS = 3;
// Both of the above and some time for the drivers to shut their devices down.
constexpr uint32_t kResetAfterS = 40;
constexpr uint32_t kResetAfterCrashS = 10;

// Used by a signal handler: set once, early, then only read.
int sysrq_fd = -1;
int timer_fd = -1;

void write_sysrq(char command) {
  [[maybe_unused]] const ssize_t put = ::write(sysrq_fd, &command, 1);
}

// The timer process: sleeps until it learns how long the end may take, then for that long; if it
// still runs after that, the machine is reset.
[[noreturn]] void run_timer(int pipe_fd) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_NAME, "kdump-timer");
  if (const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); fd >= 0) {
    [[maybe_unused]] const ssize_t put = ::write(fd, "-1000", 5);
    ::close(fd);
  }
  uint32_t seconds = 0;
  while (::read(pipe_fd, &seconds, sizeof seconds) != sizeof seconds)
    if (errno != EINTR) real_sys().sleep_ms(1000);
  real_sys().sleep_ms(int64_t{seconds} * 1000);
  write_sysrq('b');
  ::reboot(RB_AUTOBOOT);
  ::_exit(1);
}

void arm_timer(uint32_t seconds) {
  [[maybe_unused]] const ssize_t put = ::write(timer_fd, &seconds, sizeof seconds);
}

[[noreturn]] void rest_forever() {
  for (;;) ::pause();
}

// In a child, with a deadline. Jobs unmount what they mount; this is for jobs that were killed and
// for what was mounted from the shell. Failures have no consequence: files that were reported as
// saved are synced already, and the journal takes care of the rest.
void sync_and_unmount() {
  ::sync();
  std::vector<std::string> points;
  FILE* mounts = ::setmntent("/proc/self/mounts", "r");
  if (!mounts) ::_exit(1);
  while (const mntent* entry = ::getmntent(mounts)) {
    const std::string_view type = entry->mnt_type;
    if (type != "rootfs" && type != "proc" && type != "sysfs" && type != "devtmpfs")
      points.emplace_back(entry->mnt_dir);
  }
  ::endmntent(mounts);
  // The last mounted goes first: it may lie inside another.
  for (; !points.empty(); points.pop_back()) {
    const char* at = points.back().c_str();
    if (::umount2(at, 0) != 0) ::mount(nullptr, at, nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
  }
}

const char* in_words(FinalAction action) {
  switch (action) {
    case FinalAction::reboot:
      return "rebooting";
    case FinalAction::halt:
      return "halting";
    case FinalAction::poweroff:
      return "powering off";
  }
  return "rebooting";
}

int reboot_command(FinalAction action) {
  switch (action) {
    case FinalAction::reboot:
      return RB_AUTOBOOT;
    case FinalAction::halt:
      return RB_HALT_SYSTEM;
    case FinalAction::poweroff:
      return RB_POWER_OFF;
  }
  return RB_AUTOBOOT;
}

}  // namespace

Result<> prepare_reboot() {
  sysrq_fd = ::open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
  const int sysrq_errno = errno;

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "pipe of the reset timer");
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "fork the reset timer");
  if (pid == 0) {
    ::close(ends[1]);
    run_timer(ends[0]);
  }
  ::close(ends[0]);
  timer_fd = ends[1];
  if (sysrq_fd < 0) return fail_errno(sysrq_errno, "open /proc/sysrq-trigger");
  return {};
}

void end_machine(FinalAction action, bool skip_sync, const char* last_words, int screen_fd,
                 Console& console) {
  arm_timer(kResetAfterS);
  if (skip_sync)
    console.say("no sync and no unmount: something hangs in the kernel");
  else if (const auto synced = run_bounded("sync and unmount", kSyncS, sync_and_unmount); !synced)
    console.say("%s; going on", synced.error().text);

  console.say("%s; %s now", last_words, in_words(action));
  if (screen_fd >= 0) {
    // A console that takes nothing is no reason to stay.
    const auto drained = run_bounded("drain the console", kDrainS, [&] { ::tcdrain(screen_fd); });
    if (!drained) console.say("%s", drained.error().text);
  }
  if (action == FinalAction::halt) disarm_watchdogs();  // it would not last
  ::reboot(reboot_command(action));
  console.say("%s failed: %s; resetting", in_words(action), strerror(errno));
  write_sysrq('b');
  rest_forever();
}

RebootAfter::RebootAfter(uint32_t seconds) {
  ::signal(SIGALRM, [](int) { reboot_at_once(); });
  ::alarm(seconds);
}

RebootAfter::~RebootAfter() { ::alarm(0); }

void reboot_at_once() {
  arm_timer(kResetAfterCrashS);
  ::reboot(RB_AUTOBOOT);
  write_sysrq('b');
  rest_forever();
}

}  // namespace kdump
