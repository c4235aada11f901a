// Receives the engine's progress and can stop it. Called at least once per window
// (core_file/window.h) or per 8 MiB of pages, from the thread that called the engine.
#pragma once

#include <cstdint>

#include "filter/base/result.h"

namespace kdump {

enum class Phase : uint8_t { open, plan, write, finish };

struct Progress {
  virtual ~Progress() = default;
  // done, total: page frames of this phase, processed so far and in all. bytes: written to the sink
  // so far.
  virtual void update(Phase phase, uint64_t done, uint64_t total, uint64_t bytes) = 0;
  // Called as often while pages are written. An error ends the dump: the dump stays valid, is
  // marked incomplete and reports this error.
  virtual Result<> may_continue() { return {}; }
};

}  // namespace kdump
