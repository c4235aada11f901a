// The rescue shell: busybox on the console, if the image carries it, offered for a while to
// a person at the console. When the shell ends, or no key is pressed, the caller reboots.
#pragma once

#include <string>

#include "filter/base/sys.h"
#include "init/capture/console.h"
#include "init/capture/settings.h"

namespace kdump {

constexpr char kBusybox[] = "/bin/busybox";

// The terminal behind /dev/console, such as "/dev/ttyS0": /dev/console itself cannot be a
// controlling terminal, without which ^C has no effect. Fails: io.
Result<std::string> console_terminal(Sys& sys);

// What the shell is greeted with: what happened, how to capture by hand, how to leave.
std::string shell_greeting(const Settings& settings, const char* reason, bool has_vmcore);

struct ShellResult {
  bool was_used = false;  // a person used the shell, and may have saved the dump
  std::string how;        // "no key was pressed", "the shell was left"
};

// Wipes the secrets of the image first (secrets.h): the person at the console is unknown.
// screen_fd: the console, open for reading too and with O_NONBLOCK; -1: none.
// reason: why there is no dump, for the greeting.
ShellResult offer_shell(Sys& sys, const Settings& settings, const char* reason, int screen_fd,
                        Console& console);

}  // namespace kdump
