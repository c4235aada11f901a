// One command line of the ordinary command, read and checked as far as text alone goes. Options
// may stand before or after the arguments, "--option=value" or "--option value".
#pragma once

#include <span>
#include <string>

#include "init/capture/settings.h"

namespace kdump {

enum class Verb : uint8_t {
  general,
  version,
  dump,
  dmesg,
  info,
  report,
  check,
  verify,
  list,
  arguments
};

struct CommandLine {
  Verb verb = Verb::general;
  bool help = false;  // of the verb; nothing else counts then
  Settings settings;  // vmcore (of verify: the dump), targets, levels, format, compression, threads

  // dump
  std::string output;  // -o: one dump file instead of targets, "-" is standard output
  std::string report_path;
  bool flatten = false;
  bool dry_run = false;
  // info, report, list
  bool json = false;
  // list
  bool as_lines = false;  // for scripts
  // check
  std::string kernel_arguments;  // as on a kernel's command line, with spaces between
};

// arguments: argv without the program's name. Fails: refused, with a sentence that names the
// argument that is wrong.
Result<CommandLine> parse_command_line(std::span<const char* const> arguments);

// The text of --help, or of VERB --help.
const char* help_text(Verb verb);

}  // namespace kdump
