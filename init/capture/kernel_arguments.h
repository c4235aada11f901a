// The kernel's command line, and the arguments packed into the image, as Settings. Neither
// can lose a dump: an unknown or malformed argument is reported, and the value before it stays.
// Pure: text in, settings and warnings out. ip= and the like are read by
// net/cmdline/network_arguments.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "init/capture/settings.h"

namespace kdump {

// Each target is tried in turn, with its own deadlines: more would take too long.
constexpr size_t kMaxTargets = 16;
// A garbage command line shows in its first few lines.
constexpr size_t kMaxWarnings = 16;

struct KernelArguments {
  Settings settings;
  std::vector<std::string> warnings;  // one a line for the console
};

// packed: /etc/kdump-init/cmdline. The command line overrides it; its targets replace all packed
// ones. One exception: where the image names another failure action than shell, the command line
// cannot enable the shell.
// shell_is_packed: failure=shell is possible, and the default.
KernelArguments parse_kernel_arguments(std::string_view packed, std::string_view command_line,
                                       bool shell_is_packed);

// Fails: refused, where rd.kdump.NAME does not exist or does not accept the value.
Result<> check_kernel_argument(std::string_view name, std::string_view value);

// One row of the table from which the arguments are parsed, for help texts and documents.
struct ArgumentHelp {
  std::string_view name;  // without rd.kdump.
  const char* syntax;     // of the value: N[,M...]
  const char* meaning;    // one line
  std::string default_value;
};

// Returns every argument that parse_kernel_arguments() knows, rd.kdump.target first.
std::vector<ArgumentHelp> kernel_argument_help();

// Returns the same as the text of `kdump-init help arguments`, 80 columns wide.
std::string kernel_arguments_text();

}  // namespace kdump
