#include "init/capture/supervise.h"

#include <signal.h>

#include <cinttypes>

#include "filter/base/sys.h"
#include "init/capture/child.h"
#include "init/capture/progress_display.h"

namespace kdump {
namespace {

constexpr int64_t kLookEveryMs = 500;
// Interrupts that are further apart than this are not one wish.
constexpr int64_t kInterruptsWithinMs = 10'000;
// No wait is longer than an argument can say (values.h: a day); a crashing job may say anything.
constexpr int64_t kMaxWaitMs = 86'400'000;

// By when the job must have moved on, from what the board shows.
class Deadline {
 public:
  Deadline(const Watch& watch, int64_t now_ms)
      : watch_(watch), began_ms_(now_ms), since_ms_(now_ms), limit_s_(watch.limit_s) {}

  void look(const Board& board, int64_t now_ms) {
    const uint32_t own_s = board.limit_s;
    limit_s_ = own_s != 0 && own_s < watch_.limit_s ? own_s : watch_.limit_s;
    const uint64_t beat = board.beat.load(std::memory_order_acquire);
    const int64_t until_ms = board.wait_until_ms.load(std::memory_order_acquire);
    if (beat == beat_ && until_ms == wait_until_ms_) return;
    beat_ = beat;
    wait_until_ms_ = until_ms;
    since_ms_ = now_ms;
  }

  bool is_waiting() const { return wait_until_ms_ != 0; }

  bool is_past_limit(int64_t now_ms) const {
    return now_ms - began_ms_ >= (int64_t{limit_s_} + watch_.stall_s) * 1000;
  }

  uint32_t limit_s() const { return limit_s_; }

  bool has_passed(int64_t now_ms) const {
    if (is_past_limit(now_ms)) return true;
    if (!is_waiting()) return now_ms >= since_ms_ + int64_t{watch_.stall_s} * 1000;
    const int64_t latest_ms = since_ms_ + kMaxWaitMs;
    return now_ms >= (wait_until_ms_ < latest_ms ? wait_until_ms_ : latest_ms) + watch_.grace_ms;
  }

 private:
  const Watch& watch_;
  const int64_t began_ms_;
  int64_t since_ms_;
  uint32_t limit_s_;
  uint64_t beat_ = 0;
  int64_t wait_until_ms_ = 0;
};

// One supervised job, from start to Ending.
class Supervisor {
 public:
  Supervisor(const Watch& watch, const char* what, Board& board, Console& console)
      : watch_(watch), what_(what), board_(board), console_(console) {}

  Ending run(const std::function<void()>& job);

 private:
  void watch_until_end(Child& child);
  void on_interrupt(Child& child, int64_t now_ms);
  void stop(Child& child);
  void kill_overdue(Child& child, const Deadline& deadline, int64_t now_ms);
  void kill(Child& child);

  const Watch& watch_;
  const char* what_;
  Board& board_;
  Console& console_;
  Ending ending_;
  Error cause_;  // why this supervisor ended the job; empty if it did not
  uint32_t interrupts_ = 0;
  int64_t first_interrupt_ms_ = 0;
};

Ending Supervisor::run(const std::function<void()>& job) {
  const BlockedSignals blocked;
  board_.reset();
  auto child = Child::start(job);
  if (!child) {
    ending_.why = wrap(child.error(), "%s", what_).error();
    console_.say("FAILED %s (%s)", ending_.why.text, kind_name(ending_.why.kind));
    return ending_;
  }
  watch_until_end(*child);

  // What the job itself has said counts most: a dump is saved even if unmounting then hung. It
  // has also told the console; what it could not say is said here.
  const bool was_ended = cause_.text[0] != '\0';
  ending_.is_final = board_.is_final;
  ending_.where = board_.where();
  const Board::Outcome said = board_.how_it_ended();
  if (said != Board::Outcome::none) {
    ending_.outcome = said;
    ending_.why = board_.why();
    if (!ending_.interrupted && (was_ended || !child->exited_with_success()))
      console_.say("ended after its work was done, log and report may be missing: %s",
                   was_ended ? cause_.text : child->end().text);
    return ending_;
  }
  ending_.died = !was_ended || (!ending_.interrupted && board_.phase == Phase::plan);
  ending_.why = was_ended ? cause_ : wrap(child->end(), "%s: before it was done", what_).error();
  console_.say("FAILED %s (%s)", ending_.why.text, kind_name(ending_.why.kind));
  return ending_;
}

void Supervisor::watch_until_end(Child& child) {
  Sys& sys = real_sys();
  Deadline deadline(watch_, sys.monotonic_ms());
  ProgressDisplay display(what_, board_, console_);
  for (;;) {
    const Child::Event event = child.wait(sys.monotonic_ms() + kLookEveryMs, true);
    const int64_t now_ms = sys.monotonic_ms();
    if (event == Child::Event::ended) return;
    if (event == Child::Event::interrupted) on_interrupt(child, now_ms);
    if (event == Child::Event::terminated) stop(child);
    if (ending_.interrupted) return;
    deadline.look(board_, now_ms);
    if (deadline.has_passed(now_ms)) return kill_overdue(child, deadline, now_ms);
    display.look(now_ms);
  }
}

void Supervisor::on_interrupt(Child& child, int64_t now_ms) {
  if (interrupts_ == 0 || now_ms - first_interrupt_ms_ > kInterruptsWithinMs) {
    interrupts_ = 0;
    first_interrupt_ms_ = now_ms;
  }
  if (++interrupts_ >= watch_.interrupts) return stop(child);
  console_.say("interrupted; %s goes on: %u more within %" PRId64 "s to stop it", what_,
               watch_.interrupts - interrupts_, kInterruptsWithinMs / 1000);
}

// Asked to by somebody: the job may finish up, for a while.
void Supervisor::stop(Child& child) {
  console_.say("interrupted: stopping %s", what_);
  ending_.interrupted = true;
  cause_ = fail(Kind::refused, "%s: interrupted", what_).error();
  child.signal(SIGTERM);
  if (child.wait(real_sys().monotonic_ms() + watch_.stop_ms) != Child::Event::ended) kill(child);
}

void Supervisor::kill_overdue(Child& child, const Deadline& deadline, int64_t now_ms) {
  cause_ = deadline.is_past_limit(now_ms)
               ? fail(Kind::timeout, "%s: not done %u s after its limit of %u s (rd.kdump.limit)",
                      what_, watch_.stall_s, deadline.limit_s())
                     .error()
           : deadline.is_waiting()
               ? fail(Kind::timeout, "%s: still waiting for %s past its deadline", what_,
                      board_.awaited().c_str())
                     .error()
               : fail(Kind::timeout, "%s: no progress for %u s", what_, watch_.stall_s).error();
  kill(child);
}

void Supervisor::kill(Child& child) {
  if (child.kill(watch_.kill_ms)) return;
  ending_.abandoned = true;
  console_.say("%s: the job cannot be killed (uninterruptible sleep); going on without it", what_);
}

}  // namespace

Ending supervise(const Watch& watch, const char* what, const std::function<void()>& job,
                 Board& board, Console& console) {
  return Supervisor(watch, what, board, console).run(job);
}

}  // namespace kdump
