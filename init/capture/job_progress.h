// Where a dump job is: carries what its parts say of themselves (Progress, Observer) to the
// board and the console, and keeps the time of each step and the peak of memory for the report.
#pragma once

#include <pthread.h>

#include <array>
#include <mutex>

#include "filter/base/progress.h"
#include "filter/base/sink.h"
#include "init/capture/board.h"
#include "init/capture/console.h"
#include "init/capture/memory_use.h"
#include "init/capture/pace.h"
#include "targets/target.h"

namespace kdump {

// The steps of a job, in order. The report has the seconds of each.
enum class Step : uint8_t { open, target, dmesg, plan, write, finish, verify };
constexpr unsigned kSteps = 7;

const char* step_name(Step step);

// tick(), update() and the Observer's calls may come from two threads at once: one compresses while
// the other is in a write to the target. A wait that one of them has named is over when that one
// goes on: what the other does meanwhile is no sign of life of the target.
class JobProgress final : public Progress, public Observer {
 public:
  // limit_s: how long the job may write its dump, from now (rd.kdump.limit).
  // window_s: what is written is judged by its speed over this long; 0: it is not, as there is no
  // other target.
  JobProgress(Sys& sys, Board& board, Console& console, uint32_t limit_s = UINT32_MAX,
              uint32_t window_s = 0);

  // The default, once the size of the dump is known.
  void set_limit(uint32_t limit_s);

  // Ends the step before. A step may be entered again: its times add up.
  void enter(Step step);
  // A sign of life from parts that have no figures.
  void tick();
  int64_t elapsed_ms(Step step) const;
  int64_t elapsed_ms() const;  // since the job began
  uint64_t peak_memory_bytes() const { return memory_.peak_bytes(); }

  void update(Phase phase, uint64_t done, uint64_t total, uint64_t bytes) override;
  // Fails: refused, once the job has been asked to stop; timeout, past its limit, or where the
  // speed of the last window leads far beyond that.
  Result<> may_continue() override;
  // Fails once may_continue() has for a stall's time, in which the dump could have been closed.
  Result<> may_keep_waiting() override;
  void waiting_for(const char* what, uint32_t at_most_s) override;
  void note(const char* what) override;

 private:
  Sys& sys_;
  Board& board_;
  Console& console_;
  std::mutex mutex_;  // of memory_, console_ and the named wait
  bool is_waiting_ = false;
  pthread_t waiter_{};  // who has named a wait
  MemoryUse memory_;
  Result<> judge_pace();

  std::atomic<uint32_t> limit_s_;
  const uint32_t window_s_;
  Pace pace_;                      // as these, under mutex_
  int64_t too_slow_since_ms_ = 0;  // 0: it is not
  int64_t began_ms_;
  Step step_ = Step::open;
  int64_t step_began_ms_;
  std::array<int64_t, kSteps> spent_ms_{};
};

// A sink whose every write is a sign of life.
class WatchedSink final : public Sink {
 public:
  WatchedSink(Sink& inner, JobProgress& progress) : inner_(inner), progress_(progress) {}
  Result<> write_at(uint64_t offset, Bytes data) override;

 private:
  Sink& inner_;
  JobProgress& progress_;
};

}  // namespace kdump
