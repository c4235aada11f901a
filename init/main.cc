// One program, two lives: PID 1 of the capture kernel, or an ordinary command.
#include "init/cli/command.h"
#include "init/pid1/init_main.h"

int main(int argc, char** argv) {
  if (kdump::is_machine_init()) kdump::init_main();
  return kdump::command_main(argc, argv);
}
