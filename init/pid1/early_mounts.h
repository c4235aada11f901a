// The file systems that PID 1 itself needs: /proc, /sys and /dev.
#pragma once

#include <vector>

#include "filter/base/result.h"
#include "filter/base/sys.h"

namespace kdump {

// Mounts those that are not mounted yet. There is no console before /dev: returns the
// errors, for a later message. Continues after an error.
std::vector<Error> mount_early(Sys& sys);

}  // namespace kdump
