// rd.kdump.keep= on the target of a job: when its old dumps go, and what is said of it. What may go
// is targets/retention's to know.
#pragma once

#include "init/capture/console.h"
#include "init/capture/job_progress.h"
#include "init/capture/settings.h"
#include "targets/target.h"

namespace kdump {

// After the new dump is saved, or before, where it has no room; the target has begun. A failure is
// only told: it costs no dump. True: there is more room now.
bool remove_old_dumps(Sys& sys, const Settings& settings, Target& target, const char* nodename,
                      bool is_saved, JobProgress& progress, Console& console);

}  // namespace kdump
