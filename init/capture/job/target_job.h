// Which job brings which kind to a target.
#pragma once

#include "init/capture/capture.h"
#include "init/capture/job/dump_job.h"

namespace kdump {

// In a child of its own: run_dump_job() or run_log_job().
void run_target_job(Sys& sys, const Settings& settings, const Attempt& attempt,
                    const JobContext& context, Board& board, Console& console);

}  // namespace kdump
