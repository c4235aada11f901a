// The list of targets: each is tried in order, in a separate process, until one has saved all that
// the vmcore holds. Used by PID 1 and by the `dump` command alike.
//
// The crashed kernel's log goes to every target that can be reached: once the dump is saved, those
// that were not tried get the log alone. Whether they do changes nothing about the outcome.
//
// Where a job died, the crashed memory may have misled it: the same target is tried once more, in
// the simplest way there is.
//
// A target that has no room but in its file system's blocks for root, or by its server's word, is
// put off: it is tried again, for all the room it has, when no other target has saved the dump.
//
// Where all targets have failed, those that may take the dump later (a server that boots, a network
// that is down) are tried again, after pauses, until SupervisorOptions::retry_s has passed.
//
// An incomplete dump is kept, and the next target tried all the same: it may have the room that
// the first had not. The best outcome wins, the earlier one among equals.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "init/capture/settings.h"
#include "init/capture/supervise.h"

namespace kdump {

struct CaptureResult {
  Board::Outcome outcome = Board::Outcome::failed;  // never none
  Error error;           // unless saved: of the target below, or of the last tried
  std::string target;    // URL of the target that has the best; of the last tried if all failed
  std::string location;  // where on it the files lie
  bool interrupted = false;
  bool abandoned = false;  // some child could not be killed: sync and unmount would hang too
};

// ordinary: the room that a target says it has for anyone. all: root's reserved blocks as well, and
// what a server says of its room is not believed; for when there is no other target left.
enum class RoomUse : uint8_t { ordinary, all };

enum class JobKind : uint8_t {
  dump,        // with the log before it
  unfiltered,  // the log after it, and memory is not asked what its pages are
  log,
};

// One try of one target.
struct Attempt {
  std::string target;  // URL
  JobKind kind = JobKind::dump;
  RoomUse room = RoomUse::all;
  bool has_next_target = false;  // a further target comes after it
  // Locations that earlier attempts at this target have reported, all of them failures. The job
  // removes those that hold nothing but logs, once it has saved the log itself.
  std::vector<std::string> failed_locations = {};
};

// Does the work for one attempt, in the child: run_target_job(), or a test's stand-in.
using TargetJob = std::function<void(const Attempt&)>;

CaptureResult capture(const Settings& settings, const SupervisorOptions& options,
                      const TargetJob& job, Board& board, Console& console);

}  // namespace kdump
