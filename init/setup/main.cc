// kdump-init-setup: reads what this machine is and what its administrator wants. Runs on the
// installed system only; no image holds it.
#include "init/setup/setup_commands.h"

int main(int argc, char** argv) { return kdump::setup_main(argc, argv); }
