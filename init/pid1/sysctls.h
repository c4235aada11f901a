// What PID 1 asks of the capture kernel through /proc/sys and /sys, before all else. What is set
// only helps: where it cannot be, the capture goes on.
#pragma once

#include <string_view>

#include "filter/base/sys.h"
#include "init/capture/console.h"

namespace kdump {

// Writes the value to the file. Fails as opening and writing do; what follows is the caller's to
// say.
Result<> set_sysctl(Sys& sys, const char* path, std::string_view value);

// A panic of the capture kernel itself must end in a reboot, unless panic= has another value; so
// must an oops, after which nothing that is written can be trusted, and a kernel that schedules
// nothing any more; and the kernel drops what a program writes to its log quickly, unless it is
// configured not to.
void set_sysctls(Sys& sys, Console& console);

}  // namespace kdump
