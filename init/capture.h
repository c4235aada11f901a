// The list of targets: each is tried in order, in a process of its own, until one has saved the
// dump whole. Used by PID 1 and by the `dump` command alike.
//
// The crashed kernel's log goes to every target that can be reached: once the dump is saved, those
// that were not tried get the log alone. Whether they do changes nothing about the outcome.
//
// Where a job died, the crashed memory may have misled it: the same target is tried once more, in
// the simplest way there is.
//
// Where all targets have failed, those that may take the dump later (a server that boots, a network
// that is down) are tried again, after pauses, until Watch::retry_s has passed.
//
// An incomplete dump is kept, and the next target tried all the same: it may have the room that
// the first had not. The best outcome wins, the earlier one among equals.
#pragma once

#include <functional>
#include <string>

#include "init/settings.h"
#include "init/supervise.h"

namespace kdump {

struct Captured {
  Board::Outcome outcome = Board::Outcome::failed;  // never none
  Error why;             // for incomplete and failed: of the target below, or of the last tried
  std::string target;    // URL of the target that has the best; of the last tried if all failed
  std::string location;  // where on it the files lie
  bool interrupted = false;
  bool abandoned = false;  // some child could not be killed: sync and unmount would hang too
};

enum class Cargo : uint8_t {
  dump,        // with the log before it
  every_page,  // the log after it, and memory is not asked what its pages are
  log,
};

// One try of one target.
struct Attempt {
  std::string target;  // URL
  Cargo cargo = Cargo::dump;
  bool gives_way = false;  // a further target comes after it
};

// Does the work for one attempt, in the child: run_target_job(), or a test's stand-in.
using TargetJob = std::function<void(const Attempt&)>;

Captured capture(const Settings& settings, const Watch& watch, const TargetJob& job, Board& board,
                 Console& console);

}  // namespace kdump
