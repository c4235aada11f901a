// `kdump-init verify`: is a dump that was saved still what was saved?
#pragma once

#include "init/cli/command.h"
#include "init/cli/command_line.h"

namespace kdump {

ExitStatus verify_command(const CommandLine& line);

}  // namespace kdump
