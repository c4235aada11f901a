// How the engine says where it is, and is told to stop. Called at least once per window or per
// 8 MiB of pages, from the thread that called the engine.
#pragma once

#include <cstdint>

namespace kdump {

enum class Phase : uint8_t { open, plan, write, finish };

struct Progress {
  virtual ~Progress() = default;
  // done, total: page frames of this phase looked at so far; bytes: written to the sink so far.
  virtual void update(Phase phase, uint64_t done, uint64_t total, uint64_t bytes) = 0;
};

}  // namespace kdump
