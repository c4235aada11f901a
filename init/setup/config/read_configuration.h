// Finds the configuration file that counts, knows its kind, and reads it. Files are read, never
// run; nothing on the machine changes.
#pragma once

#include <optional>

#include "init/setup/config/configuration.h"
#include "init/setup/config/machine.h"

namespace kdump {

const char* kind_word(ConfigKind kind);
std::optional<ConfigKind> parse_kind(std::string_view word);

// The kind of a file: by its name, else by the words in it. none: unknown.
ConfigKind kind_of_file(std::string_view name, std::string_view text);

// file: a name as this program opens it. kind: none to find it out.
// Fails: where the file cannot be read, or its kind be found out.
Result<Configuration> read_configuration_file(const Machine& machine, const std::string& file,
                                              ConfigKind kind);

// The configuration of the machine: /etc/kdump-init.conf if it names a target; else the first of
// the distributions' files that means something, with what /etc/kdump-init.conf sets over it; else
// the file system of /var/crash.
Configuration read_machine_configuration(const Machine& machine);

}  // namespace kdump
