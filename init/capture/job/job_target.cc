#include "init/capture/job/job_target.h"

#include <ctime>

#include "init/capture/job/vmcore_dump.h"
#include "init/capture/memory_use.h"
#include "init/capture/report/crash_name.h"

namespace kdump {

TargetContext target_context(Sys& sys, const Settings& settings, const JobContext& context,
                             const CrashedSystem& system, Observer& observer) {
  return {.sys = sys,
          .limits = {.step_s = settings.step_timeout_s,
                     .stall_s = settings.stall_timeout_s,
                     .has_next_target = context.has_next_target},
          .observer = observer,
          .network = context.network,
          .refuse_tmpfs = context.refuse_tmpfs,
          .mount_root = context.mount_root,
          .client_name = context.set_client_identity ? safe_host(system.nodename) : "",
          .buffer_bytes = buffer_bytes(memory_available(sys))};
}

Result<> begin_crash(Target& target, const CrashedSystem& system) {
  return target.begin(crash_directory_name(system.nodename, system.crash_time_s, time(nullptr)));
}

}  // namespace kdump
