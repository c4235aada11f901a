// See old_dumps.h.
#include "init/capture/job/old_dumps.h"

#include "init/capture/report/crash_name.h"
#include "init/capture/report/human_size.h"
#include "targets/retention.h"

namespace kdump {

bool remove_old_dumps(Sys& sys, const Settings& settings, Target& target, const char* nodename,
                      bool is_saved, JobProgress& progress, Console& console) {
  if (settings.keep == 0) return false;
  const std::string where = target.location();
  const KeptDumps wish{.keep = settings.keep,
                       .host = safe_host(nodename),
                       .just_made = where.substr(where.rfind('/') + 1),
                       .is_whole = is_saved,
                       .step_s = settings.step_timeout_s};
  const auto files = target.stored_files();
  const auto removed = files ? remove_oldest(sys, **files, wish, progress)
                             : Result<Removed>(std::unexpected(files.error()));
  progress.tick();  // whatever was waited for is over
  if (!removed) {
    console.say("rd.kdump.keep=%u: no old dump is removed: %s", settings.keep,
                removed.error().text);
    return false;
  }
  if (removed->dumps > 0)
    console.say("rd.kdump.keep=%u: oldest dumps of %s removed: %u, %s", settings.keep,
                wish.host.c_str(), removed->dumps, human_size(removed->bytes).c_str());
  return removed->dumps > 0;
}

}  // namespace kdump
