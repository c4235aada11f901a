// Loads the kernel modules that the image carries, in the order of its list. Which modules a
// target needs, and in which order, the packer has decided.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/sys.h"
#include "init/capture/console.h"

namespace kdump {

constexpr char kModuleList[] = "/etc/kdump-init/modules";

struct Module {
  std::string path;        // absolute
  std::string parameters;  // as finit_module takes them
};

// Lines of "lib/modules/VERSION/…/NAME.ko[ parameters]"; '#' begins a comment line.
std::vector<Module> parse_module_list(std::string_view text);

// What the kernel's command line says of a module, as modprobe(8) reads it: the "PARAMETER=VALUE"
// of each "MODULE.PARAMETER=VALUE", with spaces between; '-' and '_' are the same in a module's
// name.
std::string module_parameters(std::string_view path, std::string_view command_line);

// Each module is loaded in a separate child with this deadline, because its init may hang.
// What the kernel's command line says of it comes after the parameters of the list.
// Every failure is reported and survived; a module that is loaded already is none. The file of a
// loaded module is removed where it lies in memory.
void load_modules(Sys& sys, uint32_t seconds_each, Console& console);

}  // namespace kdump
