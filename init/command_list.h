// `kdump-init list`: the dumps that lie on targets.
#pragma once

#include "init/command.h"
#include "init/command_line.h"

namespace kdump {

ExitStatus list_command(const CommandLine& line);

}  // namespace kdump
