// The program as an ordinary command: dump, dmesg and info on a vmcore, help and version.
#pragma once

namespace kdump {

// Exit statuses, part of the contract with scripts.
enum class ExitStatus : int {
  saved = 0,
  not_saved = 1,
  usage = 2,
  incomplete = 3,
  unreadable = 4,  // verify: no dump, or one that cannot be read
};

// Runs one command line; returns the exit status.
int command_main(int argc, char** argv);

}  // namespace kdump
