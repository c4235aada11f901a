// See job_progress.h.
#include "init/capture/job_progress.h"

#include "init/capture/stop_request.h"

namespace kdump {
namespace {

// What would take this many times what is left of the limit gives way to another target: speeds
// change, and a dump that is nearly whole at its limit is worth more than one cut off early.
constexpr int64_t kFarBeyond = 2;

}  // namespace

const char* step_name(Step step) {
  constexpr const char* kNames[kSteps] = {"open",  "target", "dmesg", "plan",
                                          "write", "finish", "verify"};
  return kNames[static_cast<unsigned>(step)];
}

JobProgress::JobProgress(Sys& sys, Board& board, Console& console, uint32_t limit_s,
                         uint32_t window_s)
    : sys_(sys),
      board_(board),
      console_(console),
      memory_(sys),
      limit_s_(limit_s),
      window_s_(window_s),
      pace_(int64_t{1000} * window_s),
      began_ms_(sys.monotonic_ms()),
      step_began_ms_(began_ms_) {}

void JobProgress::enter(Step step) {
  const int64_t now_ms = sys_.monotonic_ms();
  spent_ms_[static_cast<unsigned>(step_)] += now_ms - step_began_ms_;
  step_ = step;
  step_began_ms_ = now_ms;
  {
    const std::lock_guard lock(mutex_);
    pace_.restart();
  }
  board_.total = 0;  // figures are of the step that gave them
  tick();
}

void JobProgress::tick() {
  const std::lock_guard lock(mutex_);
  memory_.sample(sys_.monotonic_ms());
  if (is_waiting_ && !pthread_equal(waiter_, pthread_self())) return;
  is_waiting_ = false;
  board_.tick();
}

int64_t JobProgress::elapsed_ms(Step step) const {
  const int64_t running = step == step_ ? sys_.monotonic_ms() - step_began_ms_ : 0;
  return spent_ms_[static_cast<unsigned>(step)] + running;
}

int64_t JobProgress::elapsed_ms() const { return sys_.monotonic_ms() - began_ms_; }

void JobProgress::update(Phase phase, uint64_t done, uint64_t total, uint64_t bytes) {
  board_.phase = phase;
  board_.done = done;
  board_.total = total;
  board_.bytes = bytes;
  tick();
}

Result<> JobProgress::may_continue() {
  if (StopRequest::was_made()) return fail(Kind::refused, "interrupted");
  if (const uint32_t limit_s = limit_s_; elapsed_ms() >= int64_t{limit_s} * 1000)
    return fail(Kind::timeout, "not done after %u s (rd.kdump.limit)", limit_s);
  return judge_pace();
}

Result<> JobProgress::may_keep_waiting() {
  const Result<> fast_enough = judge_pace();
  if (fast_enough) return {};
  const std::lock_guard lock(mutex_);
  const int64_t since_ms = sys_.monotonic_ms() - too_slow_since_ms_;
  return since_ms >= int64_t{1000} * window_s_ / kStallsInWindow ? fast_enough : Result<>();
}

void JobProgress::set_limit(uint32_t limit_s) {
  limit_s_ = limit_s;
  board_.limit_s = limit_s;
}

// While pages are written, by how many are left. Else little is left, the log or the end of the
// dump: that has one window in all.
Result<> JobProgress::judge_pace() {
  if (window_s_ == 0 || step_ == Step::verify) return {};
  const std::lock_guard lock(mutex_);
  const int64_t now_ms = sys_.monotonic_ms(), window_ms = int64_t{1000} * window_s_;
  Result<> verdict;
  if (step_ != Step::write) {
    if (now_ms - step_began_ms_ >= window_ms)
      verdict = fail(Kind::timeout, "%s: not done in %u s, and another target is there",
                     step_name(step_), window_s_);
  } else {
    const uint64_t done = board_.done, total = board_.total;
    pace_.note(now_ms, done);
    const int64_t limit_left_ms = began_ms_ + int64_t{1000} * limit_s_ - now_ms;
    if (pace_.is_known(now_ms) &&
        pace_.left_ms(now_ms, done, total) / kFarBeyond > std::max<int64_t>(limit_left_ms, 0))
      verdict =
          fail(Kind::timeout,
               "too slow for %u s: the rest would take far longer than rd.kdump.limit (%u s), "
               "and another target is there",
               window_s_, limit_s_.load());
  }
  if (verdict)
    too_slow_since_ms_ = 0;
  else if (too_slow_since_ms_ == 0)
    too_slow_since_ms_ = now_ms;
  return verdict;
}

void JobProgress::waiting_for(const char* what, uint32_t at_most_s) {
  const std::lock_guard lock(mutex_);
  is_waiting_ = true;
  waiter_ = pthread_self();
  board_.begin_wait(what, sys_.monotonic_ms() + int64_t{1000} * at_most_s);
}

void JobProgress::note(const char* what) {
  const std::lock_guard lock(mutex_);
  console_.say("%s", what);
}

Result<> WatchedSink::write_at(uint64_t offset, Bytes data) {
  progress_.tick();
  const Result<> written = inner_.write_at(offset, data);
  progress_.tick();
  return written;
}

}  // namespace kdump
