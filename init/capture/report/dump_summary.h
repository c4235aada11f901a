// What can be told of a dump that lies on a target, out of its own files: which kernel crashed, and
// why. Its report first, else the log; both may say anything, of any length.
#pragma once

#include <string>

#include "init/capture/report/json.h"
#include "targets/dump_listing.h"

namespace kdump {

struct DumpSummary {
  StoredDump dump;
  DumpContents contents;
  bool lacks_memory = false;  // its report calls a vmcore with the final name incomplete
  std::string kernel;         // empty: not told
  std::string reason;         // likewise
  std::string title;          // of its crash report; likewise
  std::string signature;      // likewise
  std::string problem;        // why its directory could not be read

  const char* state() const;  // "complete", "incomplete", "log only" or "nothing"
};

DumpSummary read_dump_summary(StoredFiles& files, const StoredDump& dump);

// Two lines, at most 80 columns wide, printable ASCII.
std::string summary_as_text(const DumpSummary& summary);
// One line for scripts: WHERE/NAME, state, time, host, kernel, bytes, reason, title and signature,
// between tabs.
std::string summary_as_line(const DumpSummary& summary, const std::string& where);
void add_summary(JsonWriter& json, const DumpSummary& summary);

}  // namespace kdump
