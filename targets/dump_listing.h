// Lists the dumps on a target and their files, for `list` and for retention. Names and files are
// hostile; links are not followed, and nothing is changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "targets/stored_files.h"

namespace kdump {

// A directory with the name of a crash, HOST-YYYY-MM-DD-HH:MM:SS[.N], also with '-' for ':'
// (docs/format.md). kdump of Fedora and RHEL uses the same form.
struct StoredDump {
  std::string name;
  std::string host;  // part of the name: [A-Za-z0-9._-]
  int64_t crash_time_s = 0;
  uint32_t number = 0;  // .N; 0: none
};

// Returns nullopt if `name` has another form.
std::optional<StoredDump> parse_dump_name(std::string_view name);

struct DumpListing {
  std::vector<StoredDump> dumps;  // newest first
  bool has_more = false;          // there are more than kMaxListedDumps
};
constexpr size_t kMaxListedDumps = 4096;

// Lists the directories with names of dumps. Fails: as StoredFiles::names() does.
Result<DumpListing> list_dumps(StoredFiles& files);

// The contents of a dump's directory.
struct DumpContents {
  struct Entry {
    std::string name;
    uint64_t bytes = 0;
  };
  std::vector<Entry> entries;  // the regular files, at most kMaxDumpFiles
  uint64_t bytes = 0;          // total size
  uint64_t freed_bytes = 0;    // space that their removal frees, as far as known
  bool is_complete = false;    // has a vmcore under its final name
  bool is_incomplete = false;  // has one under its incomplete name
  // Has a log or report of kdump-init, so that no other program made the directory.
  bool is_ours = false;
  // Has something that no dump has: a directory, a link, an unknown name, too many files.
  bool has_other_things = false;

  const Entry* find(std::string_view name) const;
};
constexpr size_t kMaxDumpFiles = 32;

// Fails: refused, if the dump is not a directory; io.
Result<DumpContents> read_dump_contents(StoredFiles& files, const StoredDump& dump);
// Removes the files that read_dump_contents() has found, then the directory.
Result<> remove_stored_dump(StoredFiles& files, const StoredDump& dump,
                            const DumpContents& contents);

}  // namespace kdump
