// PID 1 of the capture kernel, from its first instruction to the reboot.
#pragma once

namespace kdump {

// True for PID 1 of the machine; false also for PID 1 of a container, where this program is an
// ordinary command and has nothing to reboot.
bool is_machine_init();

// Never returns: an exit of PID 1 is a kernel panic.
[[noreturn]] void init_main();

}  // namespace kdump
