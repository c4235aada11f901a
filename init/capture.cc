#include "init/capture.h"

#include <algorithm>
#include <cinttypes>
#include <utility>
#include <vector>

#include "filter/base/sys.h"

namespace kdump {
namespace {

// The order of preference among outcomes.
int rank(Board::Outcome outcome) {
  switch (outcome) {
    case Board::Outcome::saved:
      return 2;
    case Board::Outcome::incomplete:
      return 1;
    case Board::Outcome::none:
    case Board::Outcome::failed:
      break;
  }
  return 0;
}

bool is_better(Board::Outcome outcome, Board::Outcome than) {
  // Of failures the last one is told, of dumps the first is kept.
  return rank(outcome) > rank(than) || rank(than) == 0;
}

// Pauses before the rounds that follow the first: 10 s, 20 s, 40 s and so on.
constexpr int64_t kFirstPauseS = 10, kLongestPauseS = 120;

// Whether the same attempt may end otherwise a little later. A refused key, a full disk and an
// argument that is wrong stay as they are.
bool may_pass(const Ending& ending) {
  const bool is_of_the_moment = ending.why.kind == Kind::io || ending.why.kind == Kind::timeout;
  return ending.outcome == Board::Outcome::failed && is_of_the_moment && !ending.is_final &&
         !ending.died && !ending.abandoned && !ending.interrupted;
}

class Capture {
 public:
  Capture(const Watch& watch, const TargetJob& job, Board& board, Console& console)
      : watch_(watch), job_(job), board_(board), console_(console) {
    best_.why = fail(Kind::refused, "no target is given").error();
  }

  Captured run(std::vector<std::string> targets);

 private:
  std::vector<std::string> try_all(const std::vector<std::string>& targets, int64_t pause_s);
  Ending attempt(const Attempt& attempt, int64_t pause_s);
  void pause(int64_t seconds);

  const Watch& watch_;
  const TargetJob& job_;
  Board& board_;
  Console& console_;
  Captured best_;
};

Captured Capture::run(std::vector<std::string> targets) {
  targets = try_all(targets, 0);
  const int64_t until_ms = real_sys().monotonic_ms() + int64_t{1000} * watch_.retry_s;
  for (int64_t pause_s = kFirstPauseS;; pause_s = std::min(2 * pause_s, kLongestPauseS)) {
    if (targets.empty() || best_.interrupted || best_.outcome != Board::Outcome::failed) break;
    const int64_t left_s = (until_ms - real_sys().monotonic_ms()) / 1000;
    if (left_s <= 0) break;
    console_.say("no target has taken the dump; trying again for %" PRId64 " s (rd.kdump.retry)",
                 left_s);
    targets = try_all(targets, std::min(pause_s, left_s));
  }
  return best_;
}

// Returns those that failed and may take the dump later. pause_s: before the first of them.
std::vector<std::string> Capture::try_all(const std::vector<std::string>& targets,
                                          int64_t pause_s) {
  std::vector<std::string> later;
  for (const std::string& target : targets) {
    const bool is_saved = best_.outcome == Board::Outcome::saved;
    if (is_saved)
      console_.say("the log goes to %s as well", target.c_str());
    else if (!best_.target.empty())
      console_.say("trying %s, %s", pause_s != 0 ? "again" : "the next target", target.c_str());
    Attempt next{.target = target,
                 .cargo = is_saved ? Cargo::log : Cargo::dump,
                 .gives_way = &target != &targets.back()};
    const Ending ending = attempt(next, std::exchange(pause_s, 0));
    if (may_pass(ending)) later.push_back(target);
    if (ending.died && !is_saved && !best_.abandoned) {
      console_.say("trying %s once more, for every page, by one thread", target.c_str());
      next.cargo = Cargo::every_page;
      attempt(next, 0);
    }
    if (best_.interrupted) break;
  }
  return later;
}

Ending Capture::attempt(const Attempt& attempt, int64_t pause_s) {
  const Ending ending = supervise(
      watch_, attempt.target.c_str(),
      [&] {
        pause(pause_s);
        job_(attempt);
      },
      board_, console_);
  best_.abandoned |= ending.abandoned;
  best_.interrupted = ending.interrupted;
  // Why the first job died says more than why a second one was of no use.
  const bool counts =
      attempt.cargo == Cargo::dump || (attempt.cargo == Cargo::every_page && rank(ending.outcome));
  if (counts && is_better(ending.outcome, best_.outcome)) {
    best_.outcome = ending.outcome;
    best_.why = ending.why;
    best_.target = attempt.target;
    best_.location = ending.where;
  }
  return ending;
}

// In the child, so that the supervisor shows it and an interrupt ends it.
void Capture::pause(int64_t seconds) {
  if (seconds == 0) return;
  Sys& sys = real_sys();
  board_.begin_wait("the next try", sys.monotonic_ms() + 1000 * seconds);
  sys.sleep_ms(1000 * seconds);
  board_.tick();
}

}  // namespace

Captured capture(const Settings& settings, const Watch& watch, const TargetJob& job, Board& board,
                 Console& console) {
  return Capture(watch, job, board, console).run(settings.targets);
}

}  // namespace kdump
