// report.json: what one run did, for machines. The schema is in docs/report.md; a field once
// published keeps its name and unit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filter/dump/dump_writer.h"
#include "filter/kernel/vmcore.h"
#include "filter/pages/plan.h"
#include "init/capture/board.h"
#include "init/capture/job_progress.h"

namespace kdump {

// Filled as the run goes; what was not reached stays empty and appears as null.
struct Report {
  Board::Outcome outcome = Board::Outcome::failed;
  Error error;  // unless saved
  std::string target;
  std::string location;
  std::optional<CrashedSystem> system;
  Format format = Format::kdump;
  Compression compression;
  bool flattened = false;
  std::optional<uint32_t> level;  // the one that was chosen
  std::optional<Plan> plan;
  std::optional<DumpResult> dump;
  uint64_t bytes_read = 0;
  uint64_t dmesg_bytes = 0;
  // Memory that the vmcore's headers promise and the dump lacks because the vmcore does: not in the
  // file, or unreadable.
  std::optional<uint64_t> missing_bytes;
  const char* verified = "none";  // "all", "sample" or "none" of the dump was read back
  std::array<int64_t, kSteps> step_ms{};
  uint64_t peak_memory_bytes = 0;
  std::vector<std::string> warnings;
};

const char* outcome_name(Board::Outcome outcome);

std::string report_as_json(const Report& report);

}  // namespace kdump
