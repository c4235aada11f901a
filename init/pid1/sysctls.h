// Sets the capture kernel's parameters in /proc/sys and /sys, before all else. They only help:
// after an error the capture continues.
#pragma once

#include <string_view>

#include "filter/base/sys.h"
#include "init/capture/console.h"

namespace kdump {

// Writes the value to the file. Fails as opening and writing do.
Result<> set_sysctl(Sys& sys, const char* path, std::string_view value);

// A panic of the capture kernel itself must end in a reboot, unless panic= has another value; so
// must an oops, after which nothing that is written can be trusted, and a kernel that schedules
// nothing any more; and the kernel drops what a program writes to its log quickly, unless it is
// configured not to.
void set_sysctls(Sys& sys, Console& console);

}  // namespace kdump
