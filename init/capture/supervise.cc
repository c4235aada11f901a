#include "init/capture/supervise.h"

#include <signal.h>

#include <cinttypes>

#include "filter/base/sys.h"
#include "init/capture/child.h"
#include "init/capture/progress_display.h"

namespace kdump {
namespace {

constexpr int64_t kLookEveryMs = 500;
// Interrupts count together within this time.
constexpr int64_t kInterruptsWithinMs = 10'000;
// No wait is longer than an argument can say (values.h: a day); a crashing job may say anything.
constexpr int64_t kMaxWaitMs = 86'400'000;

// By when the job must have moved on, from what the board shows.
class Deadline {
 public:
  Deadline(const SupervisorOptions& options, int64_t now_ms)
      : options_(options), began_ms_(now_ms), since_ms_(now_ms), limit_s_(options.limit_s) {}

  void update(const Board& board, int64_t now_ms) {
    const uint32_t own_s = board.limit_s;
    limit_s_ = own_s != 0 && own_s < options_.limit_s ? own_s : options_.limit_s;
    const uint64_t beat = board.beat.load(std::memory_order_acquire);
    const int64_t until_ms = board.wait_until_ms.load(std::memory_order_acquire);
    if (beat == beat_ && until_ms == wait_until_ms_) return;
    beat_ = beat;
    wait_until_ms_ = until_ms;
    since_ms_ = now_ms;
  }

  bool is_waiting() const { return wait_until_ms_ != 0; }

  bool is_past_limit(int64_t now_ms) const {
    return now_ms - began_ms_ >= (int64_t{limit_s_} + options_.stall_s) * 1000;
  }

  uint32_t limit_s() const { return limit_s_; }

  bool has_passed(int64_t now_ms) const {
    if (is_past_limit(now_ms)) return true;
    if (!is_waiting()) return now_ms >= since_ms_ + int64_t{options_.stall_s} * 1000;
    const int64_t latest_ms = since_ms_ + kMaxWaitMs;
    return now_ms >= (wait_until_ms_ < latest_ms ? wait_until_ms_ : latest_ms) + options_.grace_ms;
  }

 private:
  const SupervisorOptions& options_;
  const int64_t began_ms_;
  int64_t since_ms_;
  uint32_t limit_s_;
  uint64_t beat_ = 0;
  int64_t wait_until_ms_ = 0;
};

// One supervised job, from start to JobResult.
class Supervisor {
 public:
  Supervisor(const SupervisorOptions& options, const char* what, Board& board, Console& console)
      : options_(options), what_(what), board_(board), console_(console) {}

  JobResult run(const std::function<void()>& job);

 private:
  void watch_until_end(Child& child);
  void on_interrupt(Child& child, int64_t now_ms);
  void stop(Child& child);
  void kill_overdue(Child& child, const Deadline& deadline, int64_t now_ms);
  void kill(Child& child);

  const SupervisorOptions& options_;
  const char* what_;
  Board& board_;
  Console& console_;
  JobResult result_;
  Error cause_;  // why this supervisor ended the job; empty if it did not
  uint32_t interrupts_ = 0;
  int64_t first_interrupt_ms_ = 0;
};

JobResult Supervisor::run(const std::function<void()>& job) {
  const BlockedSignals blocked;
  board_.reset();
  auto child = Child::start(job);
  if (!child) {
    result_.error = wrap(child.error(), "%s", what_).error();
    console_.say("FAILED %s (%s)", result_.error.text, kind_name(result_.error.kind));
    return result_;
  }
  watch_until_end(*child);

  // The job's own report counts most: a dump is saved even if unmounting then hung. The job has
  // also shown it on the console; only what it had no chance to report is shown here.
  const bool was_ended = cause_.text[0] != '\0';
  result_.no_retry = board_.no_retry;
  result_.location = board_.location();
  const Board::Outcome reported = board_.outcome();
  if (reported != Board::Outcome::none) {
    result_.outcome = reported;
    result_.error = board_.error();
    if (!result_.interrupted && (was_ended || !child->exited_with_success()))
      console_.say("ended after its work was done, log and report may be missing: %s",
                   was_ended ? cause_.text : child->end().text);
    return result_;
  }
  result_.died = !was_ended || (!result_.interrupted && board_.phase == Phase::plan);
  result_.error = was_ended ? cause_ : wrap(child->end(), "%s: before it was done", what_).error();
  console_.say("FAILED %s (%s)", result_.error.text, kind_name(result_.error.kind));
  return result_;
}

void Supervisor::watch_until_end(Child& child) {
  Sys& sys = real_sys();
  Deadline deadline(options_, sys.monotonic_ms());
  ProgressDisplay display(what_, board_, console_);
  for (;;) {
    const Child::Event event = child.wait(sys.monotonic_ms() + kLookEveryMs, true);
    const int64_t now_ms = sys.monotonic_ms();
    if (event == Child::Event::ended) return;
    if (event == Child::Event::interrupted) on_interrupt(child, now_ms);
    if (event == Child::Event::terminated) stop(child);
    if (result_.interrupted) return;
    deadline.update(board_, now_ms);
    if (deadline.has_passed(now_ms)) return kill_overdue(child, deadline, now_ms);
    display.update(now_ms);
  }
}

void Supervisor::on_interrupt(Child& child, int64_t now_ms) {
  if (interrupts_ == 0 || now_ms - first_interrupt_ms_ > kInterruptsWithinMs) {
    interrupts_ = 0;
    first_interrupt_ms_ = now_ms;
  }
  if (++interrupts_ >= options_.interrupts) return stop(child);
  console_.say("interrupted; %s goes on: %u more within %" PRId64 "s to stop it", what_,
               options_.interrupts - interrupts_, kInterruptsWithinMs / 1000);
}

// After a signal: the job may close its files, up to stop_ms.
void Supervisor::stop(Child& child) {
  console_.say("interrupted: stopping %s", what_);
  result_.interrupted = true;
  cause_ = fail(Kind::refused, "%s: interrupted", what_).error();
  child.signal(SIGTERM);
  if (child.wait(real_sys().monotonic_ms() + options_.stop_ms) != Child::Event::ended) kill(child);
}

void Supervisor::kill_overdue(Child& child, const Deadline& deadline, int64_t now_ms) {
  cause_ = deadline.is_past_limit(now_ms)
               ? fail(Kind::timeout, "%s: not done %u s after its limit of %u s (rd.kdump.limit)",
                      what_, options_.stall_s, deadline.limit_s())
                     .error()
           : deadline.is_waiting()
               ? fail(Kind::timeout, "%s: still waiting for %s past its deadline", what_,
                      board_.waiting_for().c_str())
                     .error()
               : fail(Kind::timeout, "%s: no progress for %u s", what_, options_.stall_s).error();
  kill(child);
}

void Supervisor::kill(Child& child) {
  if (child.kill(options_.kill_ms)) return;
  result_.abandoned = true;
  console_.say("%s: the job cannot be killed (uninterruptible sleep); going on without it", what_);
}

}  // namespace

JobResult supervise(const SupervisorOptions& options, const char* what,
                    const std::function<void()>& job, Board& board, Console& console) {
  return Supervisor(options, what, board, console).run(job);
}

}  // namespace kdump
