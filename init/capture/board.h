// The page of memory that a job shares with its supervisor: where the job is, what it waits for
// and how it ended, plus the run's log. It outlives the job, however that dies. Written by the job
// with plain stores and release fences; everything in it is bounded and read defensively, for a
// crashing job may leave nonsense.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "filter/base/progress.h"
#include "filter/base/result.h"

namespace kdump {

// Enough for a long run: a line is about 80 bytes, and progress lines are not kept.
constexpr uint32_t kLogBytes = 64 * 1024;

struct Board {
  // lacks_memory: all that the vmcore holds is saved, under the final name, but it holds less than
  // its headers promise. incomplete: the dump was cut off, and has its incomplete name.
  enum class Outcome : uint8_t { none, saved, lacks_memory, incomplete, failed };

  // Maps one, shared with children and never unmapped, all its pages present: the supervisor can
  // read it when no memory is left. Fails: io.
  static Result<Board*> create();

  // -- The job's side.

  // Progress: the work has moved on, and a named wait, if there was one, is over. A supervisor
  // that sees neither for the stall time-out ends the job.
  void tick();
  // A named wait, such as for a device: the job ends itself in time; if it does not, the
  // supervisor does a little later. Until the next tick the stall time-out does not count.
  void begin_wait(const char* what, int64_t until_ms);  // CLOCK_MONOTONIC
  // Records where the job's files lie, as soon as their directory exists.
  void locate(std::string_view where);
  // Called as soon as it is true: for saved, when the vmcore is committed. What comes after, log
  // and unmounting, may hang, and must not turn a saved dump into a failure. The first call counts.
  void finish(Outcome outcome, const Error& error, std::string_view location);
  // Replaces the outcome saved by failed: the dump turned out to be damaged.
  void demote(const Error& error);

  // -- The supervisor's side: copies that are sound whatever the job left.

  Outcome outcome() const;
  Error error() const;
  std::string location() const;     // where the files of the crash are
  std::string waiting_for() const;  // what a job has named in begin_wait()
  // Makes room for the next job; the log stays.
  void reset();

  // -- Both sides.

  // Appends, whole or not at all; what does not fit is dropped.
  void append_log(std::string_view text);
  std::string_view log_text() const;

  std::atomic<uint64_t> beat{0};
  std::atomic<Phase> phase{Phase::open};
  std::atomic<uint64_t> done{0}, total{0};  // page frames of the phase
  std::atomic<uint64_t> bytes{0};           // written to the target
  std::atomic<int64_t> wait_until_ms{0};    // CLOCK_MONOTONIC; 0: no wait
  std::atomic<uint32_t> limit_s{0};         // the job's own, by its size; 0: not known yet
  // The source is at fault, or what lies on the target would be lost: no further try of this
  // target.
  std::atomic<bool> no_retry{false};

  // failed, but the target may take a dump once others have been tried (RoomUse::all).
  std::atomic<bool> deferred{false};
  std::atomic<uint32_t> log_end{0};  // bytes used of log
  char log[kLogBytes] = {};

  static constexpr size_t kLocationBytes = 256, kWaitingForBytes = 96;

 private:
  std::atomic<Outcome> outcome_{Outcome::none};
  Error error_;  // unless saved
  char location_[kLocationBytes] = {};
  char waiting_for_[kWaitingForBytes] = {};
};

// True: the target has all that the vmcore holds.
constexpr bool is_stored(Board::Outcome outcome) {
  return outcome == Board::Outcome::saved || outcome == Board::Outcome::lacks_memory;
}

}  // namespace kdump
