#include "init/capture/capture.h"

#include <algorithm>
#include <cinttypes>
#include <map>
#include <utility>
#include <vector>

#include "filter/base/sys.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

// The order of preference among outcomes.
int rank(Board::Outcome outcome) {
  switch (outcome) {
    case Board::Outcome::saved:
      return 3;
    case Board::Outcome::lacks_memory:
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
  // Of failures the last one is reported, of dumps the first is kept.
  return rank(outcome) > rank(than) || rank(than) == 0;
}

// Pauses before the rounds that follow the first: 10 s, 20 s, 40 s and so on.
constexpr int64_t kFirstPauseS = 10, kLongestPauseS = 120;

// Whether the same attempt may end otherwise a little later. A refused key, a full disk and an
// argument that is wrong stay as they are.
bool is_transient(const JobResult& result) {
  const bool may_recover = result.error.kind == Kind::io || result.error.kind == Kind::timeout;
  return result.outcome == Board::Outcome::failed && may_recover && !result.no_retry &&
         !result.died && !result.abandoned && !result.interrupted;
}

class Capture {
 public:
  Capture(const SupervisorOptions& options, const TargetJob& job, Board& board, Console& console)
      : options_(options), job_(job), board_(board), console_(console) {
    best_.error = fail(Kind::refused, "no target is given").error();
  }

  CaptureResult run(std::vector<std::string> targets);

 private:
  std::vector<std::string> try_all(const std::vector<std::string>& targets, int64_t pause_s);
  void try_deferred();
  JobResult try_target(Attempt next, int64_t pause_s);
  JobResult attempt(Attempt attempt, int64_t pause_s);
  void pause(int64_t seconds);
  bool is_stored() const { return kdump::is_stored(best_.outcome); }

  const SupervisorOptions& options_;
  const TargetJob& job_;
  Board& board_;
  Console& console_;
  CaptureResult best_;
  std::map<std::string, std::vector<std::string>> failed_locations_;  // by target
  std::vector<std::string> deferred_;  // targets of this round that have room only for RoomUse::all
};

CaptureResult Capture::run(std::vector<std::string> targets) {
  targets = try_all(targets, 0);
  const int64_t until_ms = real_sys().monotonic_ms() + int64_t{1000} * options_.retry_s;
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

// Returns the targets that failed and may take the dump later. pause_s: before the first of them.
std::vector<std::string> Capture::try_all(const std::vector<std::string>& targets,
                                          int64_t pause_s) {
  std::vector<std::string> later;
  for (const std::string& target : targets) {
    if (is_stored())
      console_.say("the log goes to %s as well", target.c_str());
    else if (!best_.target.empty())
      console_.say("trying %s, %s", pause_s != 0 ? "again" : "the next target",
                   pause_s != 0 ? without_options(target).c_str() : target.c_str());
    const bool is_last = &target == &targets.back();
    const JobResult result =
        try_target({.target = target,
                    .kind = is_stored() ? JobKind::log : JobKind::dump,
                    .room = is_last && deferred_.empty() ? RoomUse::all : RoomUse::ordinary,
                    .has_next_target = !is_last},
                   std::exchange(pause_s, 0));
    if (is_transient(result)) later.push_back(target);
    if (best_.interrupted) return later;
  }
  try_deferred();
  return later;
}

void Capture::try_deferred() {
  const std::vector<std::string> targets = std::exchange(deferred_, {});
  for (const std::string& target : targets) {
    if (is_stored() || best_.abandoned || best_.interrupted) return;
    console_.say("trying %s again, for all the room that it has", without_options(target).c_str());
    try_target({.target = target, .has_next_target = &target != &targets.back()}, 0);
  }
}

// One attempt, and where its job died a second one in the simplest way there is.
JobResult Capture::try_target(Attempt next, int64_t pause_s) {
  const JobResult result = attempt(next, pause_s);
  if (!result.died || next.kind == JobKind::log || best_.abandoned) return result;
  console_.say("trying %s once more, for every page, by one thread",
               without_options(next.target).c_str());
  next.kind = JobKind::unfiltered;
  attempt(next, 0);
  return result;
}

JobResult Capture::attempt(Attempt attempt, int64_t pause_s) {
  std::vector<std::string>& failed = failed_locations_[attempt.target];
  attempt.failed_locations = failed;
  const std::string shown = without_options(attempt.target);
  const JobResult result = supervise(
      options_, shown.c_str(),
      [&] {
        pause(pause_s);
        job_(attempt);
      },
      board_, console_);
  if (board_.deferred) deferred_.push_back(attempt.target);
  if (result.outcome == Board::Outcome::failed && !result.location.empty())
    failed.push_back(result.location);
  best_.abandoned |= result.abandoned;
  best_.interrupted = result.interrupted;
  // The reason of the first job's death says more than that of a second, useless one.
  const bool counts = attempt.kind == JobKind::dump ||
                      (attempt.kind == JobKind::unfiltered && rank(result.outcome));
  if (counts && is_better(result.outcome, best_.outcome)) {
    best_.outcome = result.outcome;
    best_.error = result.error;
    best_.target = attempt.target;
    best_.location = result.location;
  }
  return result;
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

CaptureResult capture(const Settings& settings, const SupervisorOptions& options,
                      const TargetJob& job, Board& board, Console& console) {
  return Capture(options, job, board, console).run(settings.targets);
}

}  // namespace kdump
