#include "init/capture/job/target_job.h"

#include "init/capture/job/log_job.h"

namespace kdump {

void run_target_job(Sys& sys, const Settings& settings, const Attempt& attempt,
                    const JobContext& context, Board& board, Console& console) {
  JobContext own = context;
  own.gives_way = attempt.gives_way;
  own.room_use = attempt.room;
  own.failed_locations = attempt.failed_locations;
  switch (attempt.cargo) {
    case Cargo::dump:
      return run_dump_job(sys, settings, attempt.target, own, board, console);
    case Cargo::every_page: {
      Settings simple = settings;
      simple.threads = 1;
      own.keeps_every_page = true;
      return run_dump_job(sys, simple, attempt.target, own, board, console);
    }
    case Cargo::log:
      own.gives_way = true;  // the dump is saved, and the reboot follows
      return run_log_job(sys, settings, attempt.target, own, board, console);
  }
}

}  // namespace kdump
