// The page of memory that a job shares with its supervisor: where the job is, what it waits for
// and how it ended, plus the run's log. It outlives the job, however that dies. Written by the job
// with plain stores and release fences; everything in it is bounded and read defensively, for a
// crashing job may leave nonsense.
#pragma once

#include <atomic>
#include <cstdint>

#include "filter/base/result.h"
#include "filter/progress.h"

namespace kdump {

// Enough for a long run: a line is about 80 bytes.
constexpr uint32_t kLogBytes = 64 * 1024;

struct Board {
  // Progress. A supervisor that sees `beat` unchanged for the stall time-out ends the job.
  std::atomic<uint64_t> beat{0};
  std::atomic<Phase> phase{Phase::open};
  std::atomic<uint64_t> done{0}, total{0};  // page frames of the phase
  std::atomic<uint64_t> bytes{0};           // written to the target
  // A named wait, such as for a device: the job ends itself in time; if it does not, the
  // supervisor does a little later. 0: none.
  std::atomic<int64_t> wait_until_ms{0};  // CLOCK_MONOTONIC
  char waiting_for[96] = {};

  // How it ended, set once, last.
  enum class Outcome : uint8_t { none, saved, incomplete, failed };
  std::atomic<Outcome> outcome{Outcome::none};
  Error error;              // for incomplete and failed
  char location[256] = {};  // where the files lie

  std::atomic<uint32_t> log_end{0};  // bytes used of log; what does not fit is dropped
  char log[kLogBytes] = {};

  // Maps one, shared with children. Fails: io.
  static Result<Board*> create();
};

}  // namespace kdump
