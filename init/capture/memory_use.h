// The most memory this process has used, sampled while it runs: anonymous pages plus page tables.
// Page tables count because mapping /proc/vmcore fills them eagerly, which no RSS shows; pages of
// /proc/vmcore itself do not count: they belong to the crashed kernel.
#pragma once

#include <string_view>

#include "filter/base/sys.h"

namespace kdump {

// RssAnon + VmPTE of /proc/PID/status, in bytes; 0 where the text has neither.
uint64_t memory_in_status(std::string_view status);

// Returns MemAvailable of /proc/meminfo in bytes, or the process's own limit (`ulimit -d`) where
// that is smaller. 0: unknown.
uint64_t memory_available(Sys& sys);

class MemoryUse {
 public:
  explicit MemoryUse(Sys& sys) : sys_(sys) {}

  // Cheap enough for every progress update: looks at most every kSampleMs.
  void sample(int64_t now_ms);
  uint64_t peak_bytes() const { return peak_bytes_; }

 private:
  static constexpr int64_t kSampleMs = 20;

  Sys& sys_;
  int64_t next_sample_ms_ = 0;
  uint64_t peak_bytes_ = 0;
};

}  // namespace kdump
