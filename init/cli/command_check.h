// `kdump-init check`: would the targets of these kernel arguments take a dump? Asked from the
// running system, whose network is used as it is.
#pragma once

#include "init/cli/command.h"
#include "init/cli/command_line.h"

namespace kdump {

ExitStatus check_command(const CommandLine& line);

}  // namespace kdump
