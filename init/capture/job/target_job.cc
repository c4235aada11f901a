#include "init/capture/job/target_job.h"

#include "init/capture/job/log_job.h"

namespace kdump {

void run_target_job(Sys& sys, const Settings& settings, const std::string& target_url, Cargo cargo,
                    RoomUse room, const JobContext& given, Board& board, Console& console) {
  JobContext context = given;
  context.room_use = room;
  switch (cargo) {
    case Cargo::dump:
      return run_dump_job(sys, settings, target_url, context, board, console);
    case Cargo::every_page: {
      Settings simple = settings;
      simple.threads = 1;
      context.keeps_every_page = true;
      return run_dump_job(sys, simple, target_url, context, board, console);
    }
    case Cargo::log:
      return run_log_job(sys, settings, target_url, context, board, console);
  }
}

}  // namespace kdump
