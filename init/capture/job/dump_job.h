// Saves one dump to one target: opens the vmcore, saves the log, plans, writes, commits. Runs in a
// forked child and reports its outcome through the shared Board.
#pragma once

#include <string>
#include <vector>

#include "filter/base/sys.h"
#include "init/capture/board.h"
#include "init/capture/capture.h"
#include "init/capture/console.h"
#include "init/capture/settings.h"
#include "net/network.h"

namespace kdump {

struct JobContext {
  Network& network;           // how targets reach their servers
  bool refuse_tmpfs = false;  // PID 1: files on rootfs or tmpfs would not survive the reboot
  std::string mount_root = "/mnt";
  bool set_client_identity = false;  // PID 1: NFS servers see the crashed host's name
  std::string report_path = {};      // the command's --report: a copy of the report; empty: none
  bool flatten = false;  // the command's --flatten; append-only targets get a flattened dump anyway
  bool has_next_target = false;  // a target that is too slow is left for the next one
  RoomUse room_use = RoomUse::all;
  std::vector<std::string> failed_locations = {};  // as Attempt
};

// Shows the outcome on the console ("FAILED ..." with the cause) before the run's own log is saved,
// and puts it on the Board; the caller adds what happens next.
void run_dump_job(Sys& sys, const Settings& settings, const std::string& target_url,
                  const JobContext& context, Board& board, Console& console);

// The same after a job that died: keeps every page, uses one thread, and saves the log after the
// dump. Refuses a target where it would overwrite what that job has stored.
void run_unfiltered_job(Sys& sys, const Settings& settings, const std::string& target_url,
                        const JobContext& context, Board& board, Console& console);

}  // namespace kdump
