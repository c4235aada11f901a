// Saves the crashed kernel's log and the crash report, to a target that did not get the dump. Runs
// in a forked child, as dump_job does.
#pragma once

#include "init/capture/job/dump_job.h"

namespace kdump {

void run_log_job(Sys& sys, const Settings& settings, const std::string& target_url,
                 const JobContext& context, Board& board, Console& console);

}  // namespace kdump
