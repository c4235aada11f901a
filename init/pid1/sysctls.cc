// See sysctls.h. What each means: Linux' Documentation/admin-guide/sysctl.
#include "init/pid1/sysctls.h"

#include <fcntl.h>

#include "filter/base/file.h"
#include "filter/base/text.h"

namespace kdump {
namespace {

// Pages that wait for a target that hangs stay dirty for ever. By default the kernel lets a fifth
// of the free memory be dirty, and holds every writer back beyond it: the next target's as well.
// Each target keeps to 8 MiB by itself (targets/storage/write_back.h), so that several fit in here.
constexpr char kDirtyBytes[] = "33554432";

// While the kernel boots, its lines on the console show where it hangs. From here on drivers' lines
// hide ours and cost time on a serial line: shows only warnings, unless the level is not the
// default of 7. The log has all lines.
void quieten_drivers(Sys& sys) {
  constexpr char kLevels[] = "/proc/sys/kernel/printk";
  if (const auto levels = read_small_file(sys, kLevels, 64); levels && levels->starts_with("7\t"))
    static_cast<void>(set_sysctl(sys, kLevels, "5\n"));
}

// A kernel that schedules nothing any more runs no PID 1 either, and not every machine has a
// watchdog. It notices that itself, where it has the detectors, and then reboots as after any
// panic. By default it calls 20 s a lockup; as a virtual CPU may be taken away for longer than
// that, a dump is given up after 120 s only, the most that can be set. RCU's complaints of such a
// CPU, every 66 s, would make the detector begin anew.
void end_lockups(Sys& sys) {
  constexpr char kHalfS[] = "60";
  static_cast<void>(set_sysctl(sys, "/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress", "1"));
  static_cast<void>(set_sysctl(sys, "/proc/sys/kernel/watchdog_thresh", kHalfS));
  static_cast<void>(set_sysctl(sys, "/proc/sys/kernel/softlockup_panic", "1"));
  static_cast<void>(set_sysctl(sys, "/proc/sys/kernel/hardlockup_panic", "1"));
}

// A tunnel or a switch may drop the longest packets silently: short ones would get through, but no
// dump. With tcp_mtu_probing TCP finds the length that passes. And a switch may pass nothing at
// first: by default the kernel solicits routers after 1, 5, 13 and 29 s, and then not for a minute.
void expect_bad_networks(Sys& sys) {
  static_cast<void>(set_sysctl(sys, "/proc/sys/net/ipv4/tcp_mtu_probing", "1\n"));
  static_cast<void>(
      set_sysctl(sys, "/proc/sys/net/ipv6/conf/default/router_solicitation_max_interval", "8\n"));
}

}  // namespace

Result<> set_sysctl(Sys& sys, const char* path, std::string_view value) {
  File file = TRY(File::open(sys, path, O_WRONLY));
  return file.append(bytes_of_text(value));
}

void set_sysctls(Sys& sys, Console& console) {
  constexpr char kPanic[] = "/proc/sys/kernel/panic";
  const auto panic_s = read_small_file(sys, kPanic, 64);
  if (panic_s && *panic_s == "0\n")
    if (const auto set = set_sysctl(sys, kPanic, "10"); !set) console.say("%s", set.error().text);
  if (const auto set = set_sysctl(sys, "/proc/sys/kernel/panic_on_oops", "1"); !set)
    console.say("%s; an oops will not end in a reboot", set.error().text);
  if (const auto set = set_sysctl(sys, "/proc/sys/kernel/printk_devkmsg", "on\n"); !set)
    console.say("%s; the kernel's log may lack lines", set.error().text);
  if (const auto set = set_sysctl(sys, "/proc/sys/vm/dirty_bytes", kDirtyBytes); !set)
    console.say("%s; a target that hangs may slow the next one down", set.error().text);
  end_lockups(sys);
  expect_bad_networks(sys);
  quieten_drivers(sys);
}

}  // namespace kdump
