// rd.kdump.keep: the oldest dumps of a host make room for new ones. Only what is certainly ours is
// removed: a directory named as a crash of that host, with nothing in it but the regular files that
// kdump-init writes, its own log or report among them, and a vmcore that is whole. The newest whole
// dump is never removed, nor is the one being made.
#pragma once

#include <cstdint>
#include <string>

#include "filter/base/observer.h"
#include "filter/base/sys.h"
#include "targets/stored_files.h"

namespace kdump {

struct RetentionPolicy {
  uint32_t keep = 1;      // so many of the host's whole dumps are left, at least 1
  std::string host;       // as the names of its dumps have it
  std::string just_made;  // the name of this crash's directory, which is one of them
  bool is_whole = true;   // false: its dump is still to be written
  // No further dump is removed once those that were have given back so much.
  uint64_t enough_bytes = UINT64_MAX;
  uint32_t step_s = 30;  // how long one dump may take, and after which no other is begun
};

struct Removed {
  uint32_t dumps = 0;
  uint64_t bytes = 0;
  uint64_t freed_bytes = 0;  // what their files had of the file system's room
};

// A dump that cannot be removed is told to the observer, and stays. Fails: where nothing can be
// listed or removed at all.
Result<Removed> remove_oldest(Sys& sys, StoredFiles& files, const RetentionPolicy& policy,
                              Observer& observer);
// What remove_oldest() would remove; removes nothing.
Result<Removed> removable(Sys& sys, StoredFiles& files, const RetentionPolicy& policy,
                          Observer& observer);

}  // namespace kdump
