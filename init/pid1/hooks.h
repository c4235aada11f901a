// Runs the administrator's executables in the image: before the first target is tried and after the
// last, each in a separate process group with a deadline, its output on the console. A hook's
// failure never prevents the dump. Its arguments and environment: docs/kdump-init.8, HOOKS.
#pragma once

#include <string>

#include "filter/base/sys.h"
#include "init/capture/console.h"

namespace kdump {

constexpr char kHookDirectory[] = "/etc/kdump-init/hooks";

struct HookEnvironment {
  std::string target;       // before: all URLs, a space between; after: of the target that has it
  std::string location;     // after: where on it
  std::string status;       // after: "saved", "incomplete", "failed"
  std::string reason;       // after: of the latter two
  std::string exit_status;  // after, as its first argument: what the command would exit with
};

// Runs those in DIRECTORY/WHEN ("pre", "post"), in the order of their names. Prints nothing if
// there are none.
void run_hooks(Sys& sys, const std::string& directory, const char* when,
               const HookEnvironment& environment, uint32_t seconds_each, Console& console);

}  // namespace kdump
