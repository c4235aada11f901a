// One target tried out before any crash: brought up as the capture would, written to, synced, read
// back, cleaned up again, and brought up twice more. Runs in a child of its own; how it ended
// stands on the board.
#pragma once

#include <string>

#include "filter/base/sys.h"
#include "init/capture/board.h"
#include "init/capture/console.h"
#include "init/capture/settings.h"
#include "net/network.h"

namespace kdump {

// mount_root: an empty directory. Tells each step, with its time, on the console. Outcome: saved,
// if the target would take a dump; else failed.
void run_check_job(Sys& sys, const Settings& settings, const std::string& target_url,
                   Network& network, const std::string& mount_root, Board& board, Console& console);

}  // namespace kdump
