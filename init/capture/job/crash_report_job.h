// The crash report of a job: a forked child makes it within a time budget; the job saves it beside
// the log. Whatever becomes of the child, a crash or a memory that it reads for ever, costs the
// report alone.
#pragma once

#include "filter/kernel/vmcore.h"
#include "init/capture/console.h"
#include "init/capture/integrity/manifest.h"
#include "init/capture/job_progress.h"
#include "targets/target.h"

namespace kdump {

// Saves crash.txt and crash.json, and shows the head of it on the console. Fails: timeout, where
// the child took too long; io, where it died; the target's. A dump is a dump without it.
Result<> save_crash_report(Vmcore& vmcore, Target& target, Manifest& manifest,
                           JobProgress& progress, Console& console);

}  // namespace kdump
