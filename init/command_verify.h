// `kdump-init verify`: is a dump that was saved still what was saved?
#pragma once

#include "init/command.h"
#include "init/command_line.h"

namespace kdump {

ExitStatus verify_command(const CommandLine& line);

}  // namespace kdump
