// See job_progress.h.
#include "init/capture/job_progress.h"

#include "init/capture/stop_request.h"

namespace kdump {

const char* step_name(Step step) {
  constexpr const char* kNames[kSteps] = {"open",  "target", "dmesg", "plan",
                                          "write", "finish", "verify"};
  return kNames[static_cast<unsigned>(step)];
}

JobProgress::JobProgress(Sys& sys, Board& board, Console& console, uint32_t limit_s)
    : sys_(sys),
      board_(board),
      console_(console),
      memory_(sys),
      limit_s_(limit_s),
      began_ms_(sys.monotonic_ms()),
      step_began_ms_(began_ms_) {}

void JobProgress::enter(Step step) {
  const int64_t now_ms = sys_.monotonic_ms();
  spent_ms_[static_cast<unsigned>(step_)] += now_ms - step_began_ms_;
  step_ = step;
  step_began_ms_ = now_ms;
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

Result<> JobProgress::may_go_on() {
  if (StopRequest::was_made()) return fail(Kind::refused, "interrupted");
  if (elapsed_ms() >= int64_t{limit_s_} * 1000)
    return fail(Kind::timeout, "not done after %u s (rd.kdump.limit)", limit_s_);
  return {};
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
