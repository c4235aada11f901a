// The commands of kdump-init-setup. Each gets the words behind its name and returns the exit
// status: 0 done, 1 refused, 2 wrong usage.
#pragma once

#include <string>
#include <vector>

namespace kdump {

using SetupWords = std::vector<std::string>;

// Shows what a configuration file means; `kdump-init config`.
int config_command(const SetupWords& words);
// Prints the fields of a target's URL for the scripts.
int target_command(const SetupWords& words);
// Checks words of kernel arguments.
int check_arguments_command(const SetupWords& words);
// Packs the SSH files of a target into the tree of an image.
int pack_ssh_command(const SetupWords& words);
// Prints how the capture kernel reaches the servers of targets, as this machine does.
int pack_network_command(const SetupWords& words);

// Finds the command that argv names.
int setup_main(int argc, char** argv);

}  // namespace kdump
