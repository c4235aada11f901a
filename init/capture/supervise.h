// Runs one job in a forked child and supervises it through the Board: shows its progress, kills it
// when it stalls or exceeds a wait's deadline, and reports how it died. The parent does nothing
// that can block on a device, and continues without a child that cannot be killed.
#pragma once

#include <functional>
#include <string>

#include "init/capture/board.h"
#include "init/capture/console.h"

namespace kdump {

struct SupervisorOptions {
  uint32_t stall_s = 60;  // no tick for this long: the job is killed
  // The job ends its dump itself after limit_s; the supervisor kills it stall_s later. The job may
  // set a shorter limit, by the size of its dump.
  uint32_t limit_s = UINT32_MAX;
  uint32_t grace_ms = 3000;  // grace period after a wait's own deadline
  uint32_t kill_ms = 5000;   // how long a killed job may take to go, before it is abandoned
  uint32_t stop_ms = 10000;  // how long an interrupted job may take to finish up
  uint32_t retry_s = 0;  // for capture(): once all targets have failed, how long they are retried
  uint32_t interrupts = 1;  // SIGINTs within 10 s that stop the job; a SIGTERM always does
};

struct JobResult {
  Board::Outcome outcome = Board::Outcome::failed;  // never none
  Error error;                                      // for incomplete and failed
  std::string location;                             // the job's location, if it came to have one
  bool interrupted = false;                         // by a signal: no other target is tried
  bool abandoned = false;  // the child could not be killed: it may hold devices for ever
  // The job crashed, or hung while it counted pages: not the target's fault.
  bool died = false;
  bool no_retry = false;  // the job has found that trying this target again is of no use
};

// Runs `job` in a child, in which SIGINT is ignored (the parent alone decides) and SIGTERM asks
// the job to stop: its default action unless the job installs a handler. `what` names it in
// messages. Resets the board first, but for its log. A job shows its own failure on the console;
// the supervisor shows what the job had no chance to report.
JobResult supervise(const SupervisorOptions& options, const char* what,
                    const std::function<void()>& job, Board& board, Console& console);

}  // namespace kdump
