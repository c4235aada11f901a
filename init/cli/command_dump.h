// `kdump-init dump`: what PID 1 does with kernel arguments, done with a command line's options.
#pragma once

#include "init/cli/command.h"
#include "init/cli/command_line.h"

namespace kdump {

ExitStatus dump_command(const CommandLine& line);

}  // namespace kdump
