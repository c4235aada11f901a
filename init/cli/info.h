// What `info` shows of a vmcore: which kernel crashed, when and why, what its memory holds, and how
// big a dump would be. Gathered once, printed as a table or as JSON. Writes no dump.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "filter/kernel/cpu_states.h"
#include "filter/kernel/vmcore.h"
#include "filter/pages/plan.h"
#include "init/capture/settings.h"
#include "init/cli/next_steps.h"

namespace kdump {

// A dump at one level, before it is made.
struct DumpSize {
  uint32_t level = 0;
  uint64_t pages = 0;       // that are kept; pages of zeros included
  uint64_t page_bytes = 0;  // of those pages as they are in memory
  uint64_t file_bytes = 0;  // estimate of the dump file
};

struct Info {
  std::string form;  // of the file: "ELF", "kdump-compressed, zstd"
  CrashedSystem system;
  NextSteps next;
  uint32_t page_size = 0;
  uint64_t ram_pages = 0;  // of the machine; a dump lacks some of them
  Plan plan;
  std::string panic_reason;           // empty: the log has none, or there is no log
  std::optional<uint64_t> uptime_ms;  // from boot to the log's newest record
  CpuStates scene;                    // views the vmcore
  std::vector<DumpSize> dumps;
  uint64_t missing_bytes = 0;  // that the headers promise and the file lacks
  std::vector<std::string> warnings;
};

// What a dump with these settings would be at each of these levels, and the rest. Takes the time
// of a counting pass, and of compressing a sample for each level.
Result<Info> gather_info(Vmcore& vmcore, const Settings& settings,
                         std::span<const uint32_t> levels);

// The levels people use; all but the first leave out pages of zeros too.
constexpr uint32_t kUsefulLevels[] = {0, 17, 23, 31};

// ASCII of at most 80 columns: it is read on serial consoles.
std::string dump_sizes_as_text(std::span<const DumpSize> dumps);
// A line about memory that every dump will lack; empty if there is none.
std::string missing_as_text(uint64_t missing_bytes);
std::string info_as_text(const Info& info);
std::string info_as_json(const Info& info);

}  // namespace kdump
