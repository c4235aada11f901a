// The command's -o: the dump alone, in one file or on standard output.
#pragma once

#include "init/capture/job/dump_job.h"

namespace kdump {

// attempt.target: the path of the file, or "-". Refuses a second attempt, after a job that died: it
// would overwrite what that one has written.
void run_output_job(Sys& sys, const Settings& settings, const Attempt& attempt,
                    const JobContext& context, Board& board, Console& console);

}  // namespace kdump
