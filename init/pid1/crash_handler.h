// Handles a crash of PID 1 itself: prints one line with the address, then reboots. Without it the
// kernel would panic, reboot only where panic= is set, and show no cause.
#pragma once

namespace kdump {

// screen_fd: where the line goes; -1: nowhere. Children must reset the handlers (Child does).
void install_crash_handler(int screen_fd);

}  // namespace kdump
