// The whole story of one dump to one target: open the vmcore, save the log, plan, write, commit.
// Runs in a forked child and reports its outcome through the shared Board.
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
  Network& network;           // how targets come to their servers
  bool refuse_tmpfs = false;  // PID 1: nothing on rootfs or tmpfs would survive
  std::string mount_root = "/mnt";
  bool set_client_identity = false;  // PID 1: this machine may be given the crashed host's name
  std::string report_path = {};  // the command's --report: a copy of the report here; empty: none
  bool flatten = false;          // the command's --flatten; targets that only append get it anyway
  // JobKind::unfiltered: pages are not told apart, and the log is saved after the dump.
  bool no_filter = false;
  bool has_next_target = false;  // another target is there, should this one move too slowly
  // The command's -o: target_url is the path of one file, or "-", which gets the dump alone.
  bool is_output = false;
  RoomUse room_use = RoomUse::all;
  std::vector<std::string> failed_locations = {};  // as Attempt
};

// Says on the console how it ended ("FAILED …" with the cause) before the log is saved, and puts it
// on the board; the caller says only what comes next.
void run_dump_job(Sys& sys, const Settings& settings, const std::string& target_url,
                  const JobContext& context, Board& board, Console& console);

}  // namespace kdump
