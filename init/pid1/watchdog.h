// Hardware watchdogs: one that was running when the kernel crashed counts on, and would reset the
// machine in the middle of the dump. They are kept alive while PID 1 is, and left to fire when it
// is not: a separate process feeds them as long as PID 1 shows progress, which it does only
// in waits that have an end (heartbeat.h). So a machine that hangs, PID 1 or the kernel
// itself, is reset.
//
// Which watchdogs there are is the image's to say, by the modules it carries, and by kWatchdogsRan
// that they ran on the machine it was packed for: some drivers stop theirs when they are loaded.
// Without that, those that do not run are left alone. What is opened is never closed, and disarmed
// only before a halt, which is meant to last.
#pragma once

#include <cstdint>

#include "filter/base/result.h"
#include "init/capture/console.h"

namespace kdump {

// A file of the image, empty.
constexpr char kWatchdogsRan[] = "/etc/kdump-init/watchdogs-ran";

struct WatchdogOptions {
  const char* directory = "/dev";  // devices may appear there at any time
  const char* sysfs = "/sys/class/watchdog";
  bool start_idle = false;  // those too that do not run; where sysfs does not say, they are
  int64_t every_ms = 1000;
  // PID 1 has hung when it made no progress for this long. The hardware adds its own timeout.
  int64_t stale_ms = 20'000;
};

// Starts the process, once. Fails: io; then no process feeds a watchdog.
Result<> start_watchdog_feeder(const WatchdogOptions& options, Console& console);

// Disarms them, and waits for that a little while. Those that cannot be disarmed will fire.
void disarm_watchdogs();

}  // namespace kdump
