#include "init/capture/job/target_job.h"

#include "init/capture/job/log_job.h"

namespace kdump {

void run_target_job(Sys& sys, const Settings& settings, const Attempt& attempt,
                    const JobContext& context, Board& board, Console& console) {
  JobContext own = context;
  own.has_next_target = attempt.has_next_target;
  own.room_use = attempt.room;
  own.failed_locations = attempt.failed_locations;
  switch (attempt.kind) {
    case JobKind::dump:
      return run_dump_job(sys, settings, attempt.target, own, board, console);
    case JobKind::unfiltered:
      return run_unfiltered_job(sys, settings, attempt.target, own, board, console);
    case JobKind::log:
      own.has_next_target = true;  // the dump is saved, and the reboot follows
      return run_log_job(sys, settings, attempt.target, own, board, console);
  }
}

}  // namespace kdump
