// Sends fence_kdump messages: this machine is in its capture kernel. Sends from when the network is
// up until the end, the rescue shell included, because a cluster resets a node whose messages stop.
// A capture that hangs is ended by its own deadlines and the hardware watchdog.
#pragma once

#include "init/capture/console.h"
#include "init/capture/settings.h"

namespace kdump {

// Starts a process that sends every settings.fence_interval_s, from now on, and is not waited for.
// It ends with its parent.
void start_fence_messages(const Settings& settings, Console& console);

}  // namespace kdump
