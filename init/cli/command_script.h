// The commands that only an installed system needs are scripts beside the program: `config`,
// `status`, `test` and `service` cost the capture kernel's image no byte. What they do is theirs.
#pragma once

#include <string>
#include <vector>

#include "init/cli/command.h"

namespace kdump {

bool is_script_command(const char* word);

// Where the script of a command may lie, the likelier first. program: the running executable,
// /usr/sbin/kdump-init installed or build/kdump-init of a checkout.
std::vector<std::string> script_paths(const std::string& program, const std::string& command);

// Becomes the script; argv is the program's, argv[1] the command. Returns only if that fails.
ExitStatus script_command(char** argv);

}  // namespace kdump
