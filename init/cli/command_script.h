// The commands that only an installed system needs cost the capture kernel's image no byte:
// `status`, `test` and `service` are scripts, `config` is kdump-init-setup's.
#pragma once

#include <string>
#include <vector>

#include "init/cli/command.h"

namespace kdump {

bool is_script_command(const char* word);

// Where the script or program of a command may lie, the likelier first. program: the running
// executable, /usr/sbin/kdump-init installed or build/kdump-init of a checkout.
std::vector<std::string> script_paths(const std::string& program, const std::string& command);

// Becomes the script or program; argv is the program's, argv[1] the command. Returns only if that
// fails.
ExitStatus script_command(char** argv);

}  // namespace kdump
