// What the commands have in common: the vmcore they read, standard output and standard error.
#pragma once

#include <memory>
#include <string>

#include "filter/kernel/vmcore.h"
#include "init/cli/command.h"

namespace kdump {

// Returns the file that a VMCORE or DUMP argument means: of the directory of a crash the dump in
// it, complete or not; of "raw:DEVICE" the device.
std::string find_dump_in(Sys& sys, const std::string& argument);
// Opens what a VMCORE argument means.
Result<std::unique_ptr<Vmcore>> open_input(Sys& sys, const std::string& argument,
                                           MemMapUse mem_map_use = MemMapUse::wanted);

// Prints to standard output; fails where it is a full disk: what was not printed must not look
// printed.
ExitStatus print(const std::string& text);
// One line on standard error.
ExitStatus print_error(const Error& error);
void print_error(const std::string& warning);

}  // namespace kdump
