// The target that a job's URL names, brought up as far as a first write, with the directory of this
// crash made: the part that jobs of all kinds begin with.
#pragma once

#include <memory>
#include <string>

#include "filter/kernel/vmcore.h"
#include "init/capture/job/dump_job.h"
#include "targets/schemes.h"

namespace kdump {

// What targets are told of a job. All that is passed must outlive the target.
TargetContext target_context(Sys& sys, const Settings& settings, const JobContext& context,
                             const CrashedSystem& system, Observer& observer);

// Makes the crash's directory on a target that preflight() has been called of.
Result<> begin_crash(Target& target, const CrashedSystem& system);

}  // namespace kdump
