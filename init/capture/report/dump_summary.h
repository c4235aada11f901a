// Summarises a stored dump from its own files: which kernel crashed, and why. Reads the report,
// else the log; both may contain anything, of any length.
#pragma once

#include <string>

#include "init/capture/report/json.h"
#include "targets/dump_listing.h"

namespace kdump {

struct DumpSummary {
  StoredDump dump;
  DumpContents contents;
  bool lacks_memory = false;  // its report calls a vmcore with the final name incomplete
  std::string kernel;         // empty: unknown
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
