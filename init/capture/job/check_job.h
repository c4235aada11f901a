// Tries one target before any crash: brings it up as a capture does, writes a file, syncs it, reads
// it back, removes it, and brings the target up twice more. Runs in a forked child and reports its
// outcome through the shared Board.
#pragma once

#include <string>

#include "filter/base/sys.h"
#include "init/capture/board.h"
#include "init/capture/console.h"
#include "init/capture/settings.h"
#include "net/network.h"

namespace kdump {

// mount_root: an empty directory. Shows each step, with its time, on the console. Outcome: saved,
// if the target would take a dump; else failed.
void run_check_job(Sys& sys, const Settings& settings, const std::string& target_url,
                   Network& network, const std::string& mount_root, Board& board, Console& console);

}  // namespace kdump
