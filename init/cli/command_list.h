// `kdump-init list`: the dumps that lie on targets.
#pragma once

#include "init/cli/command.h"
#include "init/cli/command_line.h"

namespace kdump {

ExitStatus list_command(const CommandLine& line);

}  // namespace kdump
