// What to type to look further into a dump: the debug symbols of its kernel, and the command lines
// of crash and drgn.
#pragma once

#include <string>

#include "filter/kernel/vmcore.h"

namespace kdump {

struct NextSteps {
  std::string distribution;  // "Debian", ...; empty: unknown
  std::string build_id;      // of the kernel; empty: unknown
  std::string install;       // the command that installs the debug symbols; empty: unknown
  std::string vmlinux;       // where they then are
  std::string crash, drgn;   // command lines
};

// From the release and version alone: nothing is looked for on this machine.
NextSteps find_next_steps(const CrashedSystem& system, const Vmcoreinfo& info,
                          const std::string& dump);

}  // namespace kdump
