// The crashed kernel's log and the crash report, saved to one target: for those that the dump did
// not go to. Runs in a child of its own, as dump_job does.
#pragma once

#include "init/capture/job/dump_job.h"

namespace kdump {

void run_log_job(Sys& sys, const Settings& settings, const std::string& target_url,
                 const JobContext& context, Board& board, Console& console);

}  // namespace kdump
