// rd.kdump.keep: removes the oldest dumps of a host. Removes only dumps that kdump-init certainly
// made: a directory with the name of a crash of that host that contains only regular files with
// names that kdump-init writes, among them its log or report and a complete vmcore. Never removes
// the newest complete dump or the one being made.
#pragma once

#include <cstdint>
#include <string>

#include "filter/base/observer.h"
#include "filter/base/sys.h"
#include "targets/stored_files.h"

namespace kdump {

struct RetentionPolicy {
  uint32_t keep = 1;         // number of complete dumps of the host to keep, at least 1
  std::string host;          // as in the names of its dumps
  std::string current_dump;  // name of this crash's directory
  bool is_whole = true;      // false: its dump is not written yet
  // Stops once the removed dumps have freed this much.
  uint64_t stop_after_bytes = UINT64_MAX;
  uint32_t step_s = 30;  // limit for the removal of one dump; none is started after it
};

struct Removed {
  uint32_t dumps = 0;
  uint64_t bytes = 0;
  uint64_t freed_bytes = 0;  // space that their files occupied
};

// Removes dumps by `policy`. Notes a dump that cannot be removed and continues. Fails: if the
// target cannot list or remove files.
Result<Removed> remove_oldest(Sys& sys, StoredFiles& files, const RetentionPolicy& policy,
                              Observer& observer);
// Returns what remove_oldest() would remove, and removes nothing.
Result<Removed> find_removable(Sys& sys, StoredFiles& files, const RetentionPolicy& policy,
                               Observer& observer);

}  // namespace kdump
