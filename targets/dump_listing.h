// Which of the names on a target are dumps, and what their files tell of them: for `list`, and for
// the retention of dumps. Names and files are hostile; nothing is followed, changed or trusted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "targets/stored_files.h"

namespace kdump {

// A directory that is named as a crash's is, HOST-YYYY-MM-DD-HH:MM:SS[.N], also with dashes for
// colons. As docs/format.md has it; kdump of Fedora and RHEL names theirs alike.
struct StoredDump {
  std::string name;
  std::string host;  // as the name has it: of [A-Za-z0-9._-]
  int64_t crash_time_s = 0;
  uint32_t number = 0;  // .N, of dumps that have the rest in common
};

// nullopt: it is no such name.
std::optional<StoredDump> parse_dump_name(std::string_view name);

struct DumpListing {
  std::vector<StoredDump> dumps;  // newest first
  bool has_more = false;          // there are others, which were not looked at
};
constexpr size_t kMostListedDumps = 4096;

Result<DumpListing> list_dumps(StoredFiles& files);

// What lies in a dump's directory.
struct DumpContents {
  struct Entry {
    std::string name;
    uint64_t bytes = 0;
  };
  std::vector<Entry> entries;  // the regular files, at most kMostDumpFiles
  uint64_t bytes = 0;          // of all of them
  uint64_t freed_bytes = 0;    // what removing them gives back, as far as that is known
  bool is_complete = false;    // a vmcore under its final name
  bool is_incomplete = false;  // one under its incomplete name
  // kdump-init's own log or report is there: no other program has made the directory.
  bool is_ours = false;
  // Something that no dump has: a directory, a link, a name unknown to us, too many files.
  bool has_other_things = false;

  const Entry* find(std::string_view name) const;
};
constexpr size_t kMostDumpFiles = 32;

// Fails: refused, where it is no directory.
Result<DumpContents> look_into_dump(StoredFiles& files, const StoredDump& dump);
// Removes the files that look_into_dump() has found, then the directory.
Result<> remove_stored_dump(StoredFiles& files, const StoredDump& dump,
                            const DumpContents& contents);

}  // namespace kdump
