#include "init/capture/capture.h"

#include <utility>

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
  // Of failures the last one is told, of dumps the first is kept.
  return rank(outcome) > rank(than) || rank(than) == 0;
}

}  // namespace

Captured capture(const Settings& settings, const Watch& watch, const TargetJob& job, Board& board,
                 Console& console) {
  Captured best;
  best.why = fail(Kind::refused, "no target is given").error();
  std::vector<std::string> put_off;
  const auto try_job = [&](const std::string& target, Cargo cargo, RoomUse room) {
    const Ending ending = supervise(
        watch, target.c_str(), [&] { job(target, cargo, room); }, board, console);
    if (board.put_off) put_off.push_back(target);
    best.abandoned |= ending.abandoned;
    best.interrupted = ending.interrupted;
    // Why the first job died says more than why a second one was of no use.
    const bool counts =
        cargo == Cargo::dump || (cargo == Cargo::every_page && rank(ending.outcome));
    if (counts && is_better(ending.outcome, best.outcome)) {
      best.outcome = ending.outcome;
      best.why = ending.why;
      best.target = target;
      best.location = ending.where;
    }
    return ending.died;
  };
  const auto try_target = [&](const std::string& target, Cargo cargo, RoomUse room) {
    const bool died = try_job(target, cargo, room);
    if (!died || cargo == Cargo::log || best.abandoned) return;
    console.say("trying %s once more, for every page, by one thread", target.c_str());
    try_job(target, Cargo::every_page, room);
  };
  for (const std::string& target : settings.targets) {
    const bool is_saved = is_stored(best.outcome);
    if (is_saved)
      console.say("the log goes to %s as well", target.c_str());
    else if (!best.target.empty())
      console.say("trying the next target, %s", target.c_str());
    const bool is_only_hope = &target == &settings.targets.back() && put_off.empty();
    try_target(target, is_saved ? Cargo::log : Cargo::dump,
               is_only_hope ? RoomUse::all : RoomUse::ordinary);
    if (best.interrupted) return best;
  }
  for (const std::string& target : std::exchange(put_off, {})) {
    if (best.outcome == Board::Outcome::saved || best.abandoned || best.interrupted) break;
    console.say("trying %s again, for all the room that it has", target.c_str());
    try_target(target, Cargo::dump, RoomUse::all);
  }
  return best;
}

}  // namespace kdump
