// Removes the useless rest of failures from a target: files without a byte, and the directories of
// failed attempts that hold nothing but logs. A partial dump is evidence and stays.
#pragma once

#include <string>
#include <vector>

#include "init/capture/job_progress.h"
#include "targets/target.h"

namespace kdump {

// Removes the unfinished file `name` of the target's crash directory if it is empty; it must be
// closed. why: what writing it failed with. After an error of the target itself nothing is tried:
// it would only fail again, after a while. Returns whether the file was removed.
bool remove_if_empty(Target& target, const char* name, const Error& why);

// Removes the crash directories at `locations` that hold no byte of a dump and nothing foreign.
// What cannot be listed or removed stays.
void remove_superseded(Target& target, const std::vector<std::string>& locations,
                       JobProgress& progress);

}  // namespace kdump
