// A command line of makedumpfile(8) up to 1.7.9, or of a program used in its place, as arguments
// of the capture.
#pragma once

#include <optional>

#include "init/setup/config/translator.h"

namespace kdump {

struct MakedumpfileOptions {
  std::optional<std::string> level;  // of -d
  bool compresses = false;
  bool is_elf = false;
};

// Refuses each option that is not carried over; words: behind the program's name.
MakedumpfileOptions read_makedumpfile_options(const std::string& name,
                                              const std::vector<std::string>& words,
                                              Translator& into);

// makedumpfile without -d leaves nothing out, and compresses only when asked.
void set_collected(const std::string& name, const MakedumpfileOptions& options, Translator& into);

// All of a core_collector line. A copy is a dump with every page, uncompressed, in the form that
// /proc/vmcore has.
void read_collector(const std::string& name, const std::string& command, Translator& into);

}  // namespace kdump
