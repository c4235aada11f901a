// Which dump level a target has room for, and what has to give way for it.
#pragma once

#include <functional>

#include "init/capture/capture.h"
#include "init/capture/console.h"
#include "init/capture/job/vmcore_dump.h"
#include "init/capture/job_progress.h"
#include "targets/target.h"

namespace kdump {

// Bytes that a dump may take, so that the log and the report still find room.
struct Room {
  uint64_t free = 0;       // what anyone may use, as far as it is known
  uint64_t all = 0;        // with root's reserved blocks; unlimited where `free` is a hint
  bool is_hint = false;    // a server says what is free
  uint64_t log_bytes = 0;  // what the saved kernel log takes there, and may give back
  RoomUse use = RoomUse::all;
};

Room room_for_dump(const Target::Space& space, bool is_flattened, RoomUse use);

// The most that a kernel log may take there.
uint64_t room_for_log(const Target::Space& space);

struct LevelChoice {
  // Which space makes the dump fit. deferred: other targets come first. nothing: the dump will
  // probably be cut off.
  enum class Source : uint8_t { free, log, old_dumps, all, deferred, nothing };
  Source source = Source::free;
  uint32_t level = 0;
  uint64_t max_bytes = UINT64_MAX;  // the dump ends there
  std::string warning;              // empty: none
};

// The first of the levels whose dump fits into what is free, by estimate; or else what costs least:
// the log gives way, then old dumps do (removable_bytes; also for a better level than fits
// without), then the dump becomes ELF, whose headers are small, then it takes all the room there
// is. Sets the dump's format.
LevelChoice choose_level(VmcoreDump& dump, const std::vector<uint32_t>& levels, const Room& room,
                         const std::function<uint64_t()>& removable_bytes, JobProgress& progress,
                         Console& console);

}  // namespace kdump
