// PID 1's own crash: one line that says where, then a reboot. Without it the kernel would panic
// for want of an init, with the same end only where panic= is set, and no word on the cause.
#pragma once

namespace kdump {

// screen_fd: where the line goes; -1: nowhere. Children must reset the handlers (Child does).
void install_crash_handler(int screen_fd);

}  // namespace kdump
