// The settings of one run: the validated form of kernel arguments (kernel_arguments.cc) and of
// the command's options (command_line.cc). Plain data; every default is the contract's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filter/dump/dump_writer.h"
#include "net/base/ip_address.h"

namespace kdump {

enum class FailureAction : uint8_t { shell, reboot, halt, poweroff };
enum class FinalAction : uint8_t { reboot, halt, poweroff };

// How much of a dump is read back: a sample before it is called saved, and after that all of it;
// automatic: as long as that takes no longer than writing took.
enum class Verify : uint8_t { automatic, all, sample, none };

struct Settings {
  std::string vmcore = "/proc/vmcore";
  std::vector<std::string> targets;     // URLs, tried in order
  std::vector<uint32_t> levels = {31};  // further ones are tried when space does not suffice
  Format format = Format::kdump;
  Compression compression;
  FailureAction failure = FailureAction::reboot;
  FinalAction final = FinalAction::reboot;
  Verify verify = Verify::automatic;
  uint32_t shell_timeout_s = 300;
  uint32_t step_timeout_s = 30;
  uint32_t stall_timeout_s = 60;
  uint32_t limit_s = 0;    // of one target; 0: by the size of its dump (pace.h)
  uint32_t retry_s = 300;  // how long targets are tried again once all have failed (PID 1)
  uint32_t hook_timeout_s = 30;
  std::vector<IpAddress> fence_nodes;  // nodes that get fence_kdump messages
  uint32_t fence_port = 7410;
  uint32_t fence_interval_s = 10;
  uint32_t threads = 1;
  uint32_t keep = 0;  // whole dumps of this host that stay on a target; 0: all
};

}  // namespace kdump
