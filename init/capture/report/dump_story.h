// What can be told of a dump that lies on a target, out of its own files: which kernel crashed, and
// why. Its report first, else the log; both may say anything, of any length.
#pragma once

#include <string>

#include "init/capture/report/json.h"
#include "targets/dump_listing.h"

namespace kdump {

struct DumpStory {
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

DumpStory read_dump_story(StoredFiles& files, const StoredDump& dump);

// Two lines, at most 80 columns wide, printable ASCII.
std::string story_as_text(const DumpStory& story);
// One line for scripts: WHERE/NAME, state, time, host, kernel, bytes, reason, title and signature,
// between tabs.
std::string story_as_line(const DumpStory& story, const std::string& where);
void add_story(JsonWriter& json, const DumpStory& story);

}  // namespace kdump
