#include "init/setup/setup_commands.h"

#include <cstdio>
#include <string_view>

namespace kdump {
namespace {

struct Command {
  const char* name;
  const char* arguments;
  const char* purpose;
  int (*run)(const SetupWords& words);
};

constexpr Command kCommands[] = {
    {"config", "[option...] [FILE]", "what a configuration file means; see config --help",
     config_command},
    {"target", "URL", "the fields of a target's URL, as shell assignments", target_command},
    {"check-arguments", "WORD...", "checks arguments of the capture kernel",
     check_arguments_command},
    {"pack-ssh", "URL TREE", "packs the SSH files of a target into the tree of an image",
     pack_ssh_command},
    {"pack-network", "[URL...] [--fence NODES]",
     "how the capture kernel reaches servers, as this machine does", pack_network_command},
};

void print_usage(FILE* to) {
  fputs(
      "usage: kdump-init-setup COMMAND ...\n\n"
      "What the scripts of kdump-init ask about this machine and its configuration. Never part of "
      "an\n"
      "image.\n\n",
      to);
  for (const Command& command : kCommands)
    fprintf(to, "  %s %s\n      %s\n", command.name, command.arguments, command.purpose);
  fputs("\nExit status: 0 done, 1 refused, 2 wrong usage.\n", to);
}

}  // namespace

int setup_main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  for (const Command& command : kCommands)
    if (name == command.name) return command.run(SetupWords(argv + 2, argv + argc));
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(stdout);
    return 0;
  }
  print_usage(stderr);
  return 2;
}

}  // namespace kdump
