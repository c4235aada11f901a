// The end of PID 1's work: sync, unmount, reboot, halt or power off. Every path of PID 1 ends
// here, and none of it depends on a disk that answers: what can block is done by a child with a
// deadline, and a timer process started at the very beginning resets the machine when all of this
// takes too long, even if PID 1 itself hangs in the kernel.
//
// PID 1 must not exit: the kernel would panic, and whether a panic reboots is not for us to say.
#pragma once

#include "init/capture/console.h"
#include "init/capture/settings.h"

namespace kdump {

// Opens /proc/sysrq-trigger and starts the timer process, while both are sure to work.
// Fails: io; the machine can then still be ended, but not if PID 1 hangs.
Result<> prepare_reboot();

// skip_sync: some child hangs in the kernel with the disk; sync and unmount would hang too.
// last_words: the outcome, for the last line, to which what happens next is added.
// screen_fd: drained before the end, so that the last line is seen; -1: none.
[[noreturn]] void end_machine(FinalAction action, bool skip_sync, const char* last_words,
                              int screen_fd, Console& console);

// Where PID 1 must do itself what may take long: reboots at once if this lives longer than that.
class RebootAfter {
 public:
  explicit RebootAfter(uint32_t seconds);
  ~RebootAfter();
  RebootAfter(const RebootAfter&) = delete;
  RebootAfter& operator=(const RebootAfter&) = delete;
};

// For PID 1's crash handler: only async-signal-safe calls; reboots without sync.
[[noreturn]] void reboot_at_once();

}  // namespace kdump
