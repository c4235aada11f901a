// How the engine reports its progress and learns that it must stop. Called at least once per window
// or per 8 MiB of pages, from the thread that called the engine.
#pragma once

#include <cstdint>

#include "filter/base/result.h"

namespace kdump {

enum class Phase : uint8_t { open, plan, write, finish };

struct Progress {
  virtual ~Progress() = default;
  // done, total: page frames of this phase looked at so far; bytes: written to the sink so far.
  virtual void update(Phase phase, uint64_t done, uint64_t total, uint64_t bytes) = 0;
  // Asked as often while pages are written. An error: the dump ends here, valid and marked
  // incomplete, for that reason.
  virtual Result<> may_go_on() { return {}; }
};

}  // namespace kdump
