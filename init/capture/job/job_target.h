// What jobs of all kinds begin with: the target that the URL names, and the directory of this
// crash.
#pragma once

#include <memory>
#include <string>

#include "filter/kernel/vmcore.h"
#include "init/capture/job/dump_job.h"
#include "targets/schemes.h"

namespace kdump {

// Returns what a target needs from its job. All that is passed must outlive the target.
TargetContext target_context(Sys& sys, const Settings& settings, const JobContext& context,
                             const CrashedSystem& system, Observer& observer);

// Makes the crash's directory. Call the target's preflight() first.
Result<> begin_crash(Target& target, const CrashedSystem& system);

}  // namespace kdump
