// Runs the job of one attempt.
#pragma once

#include "init/capture/capture.h"
#include "init/capture/job/dump_job.h"

namespace kdump {

// Call it in a forked child. Runs run_dump_job(), run_unfiltered_job() or run_log_job().
void run_target_job(Sys& sys, const Settings& settings, const Attempt& attempt,
                    const JobContext& context, Board& board, Console& console);

}  // namespace kdump
