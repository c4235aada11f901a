// Which dump level a target has room for.
#pragma once

#include "init/capture/console.h"
#include "init/capture/job/vmcore_dump.h"
#include "init/capture/job_progress.h"
#include "targets/target.h"

namespace kdump {

struct LevelChoice {
  uint32_t level = 0;
  uint64_t max_bytes = UINT64_MAX;  // where the dump is to be cut off
  std::string warning;              // empty, or why the dump may be cut off
};

// The most that a dump may take there, so that the log and the report still find room.
uint64_t room_for_dump(const Target::Space& space, uint64_t dmesg_bytes, bool is_flattened);

// The first of the levels whose dump fits, by estimate; if none does, the last one.
LevelChoice choose_level(VmcoreDump& dump, const std::vector<uint32_t>& levels, uint64_t room,
                         JobProgress& progress, Console& console);

}  // namespace kdump
