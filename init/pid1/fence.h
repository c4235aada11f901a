// Tells a cluster that this machine is in its capture kernel, for as long as it is: from when the
// network is up until the end, the rescue shell included. The message stays true however the dump
// gets on, and a node whose messages end would be reset in the middle of a slow dump; a capture
// that hangs is ended by its own deadlines and the hardware watchdog.
#pragma once

#include "init/capture/console.h"
#include "init/capture/settings.h"

namespace kdump {

// Starts a process that sends every settings.fence_interval_s, from now on, and is not waited for.
// It ends with its parent.
void start_fence_messages(const Settings& settings, Console& console);

}  // namespace kdump
