#include "init/capture/progress_display.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace kdump {
namespace {

// A serial line is slow and a log is read by people: a line each five seconds or each five
// percent, whichever comes first, but not two in a second.
constexpr int64_t kShowEveryMs = 5000, kShowAtMostEveryMs = 1000;
constexpr uint64_t kShowEveryPercent = 5;
// One line of a terminal of 80 columns, behind the stamp of 17: there are many of these.
constexpr size_t kProgressColumns = 62, kMinOfTarget = 12;
// A wait is worth a word once it has taken this long.
constexpr int64_t kQuietWaitMs = 2000;

const char* phase_verb(Phase phase) {
  switch (phase) {
    case Phase::open:
      return "opening";
    case Phase::plan:
      return "planning";
    case Phase::write:
      return "writing";
    case Phase::finish:
      return "finishing";
  }
  return "at";
}

// In per cent, for a job's figures: they may be anything.
uint64_t percent(uint64_t done, uint64_t total) {
  return done >= total
             ? 100
             : static_cast<uint64_t>(static_cast<double>(done) * 100 / static_cast<double>(total));
}

// Which of several targets it is shows in its first characters.
std::string shortened(std::string_view target, size_t room) {
  constexpr std::string_view kCut = "...";
  if (target.size() <= room) return std::string(target);
  return std::string(target.substr(0, room - kCut.size())) + std::string(kCut);
}

}  // namespace

std::string format_progress(const char* target, const ProgressFigures& figures) {
  const double page_mib = static_cast<double>(figures.page_bytes) / (1 << 20);
  const double done_mib = static_cast<double>(figures.done) * page_mib;
  const double total_mib = static_cast<double>(figures.total) * page_mib;
  const bool in_gib = total_mib >= 1024;
  const double unit = in_gib ? 1024 : 1;

  char text[128];
  int end = snprintf(text, sizeof text, ": %" PRIu64 "%% %.1f/%.1f %s",
                     percent(figures.done, figures.total), done_mib / unit, total_mib / unit,
                     in_gib ? "GiB" : "MiB");
  if (figures.elapsed_ms > 0 && figures.done > figures.done_at_start &&
      figures.done <= figures.total) {
    const double mib_per_s = static_cast<double>(figures.done - figures.done_at_start) * page_mib *
                             1000 / static_cast<double>(figures.elapsed_ms);
    snprintf(text + end, sizeof text - static_cast<size_t>(end), " %.0f MiB/s eta %.0fs", mib_per_s,
             (total_mib - done_mib) / mib_per_s);
  }
  const std::string verb = std::string(phase_verb(figures.phase)) + " ";
  const size_t taken = verb.size() + strlen(text);
  const size_t room =
      taken + kMinOfTarget < kProgressColumns ? kProgressColumns - taken : kMinOfTarget;
  return verb + shortened(target, room) + text;
}

void ProgressDisplay::update(int64_t now_ms) {
  const int64_t until_ms = board_.wait_until_ms.load(std::memory_order_acquire);
  if (until_ms != 0)
    show_wait(now_ms, until_ms);
  else
    wait_until_ms_ = 0;
  show_phase(now_ms);
}

void ProgressDisplay::show_wait(int64_t now_ms, int64_t until_ms) {
  if (until_ms != wait_until_ms_) {
    wait_until_ms_ = until_ms;
    wait_shown_ms_ = now_ms + kQuietWaitMs - kShowEveryMs;
  }
  if (now_ms - wait_shown_ms_ < kShowEveryMs) return;
  wait_shown_ms_ = now_ms;
  const int64_t left_s = until_ms > now_ms ? (until_ms - now_ms + 999) / 1000 : 0;
  console_.show("waiting for %s: at most %" PRId64 "s more", board_.waiting_for().c_str(), left_s);
}

void ProgressDisplay::show_phase(int64_t now_ms) {
  ProgressFigures figures{.phase = board_.phase.load(),
                          .done = board_.done.load(),
                          .total = board_.total.load(),
                          .page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))};
  if (figures.phase != phase_ || phase_began_ms_ == 0) {
    phase_ = figures.phase;
    phase_began_ms_ = now_ms;
    phase_began_at_ = figures.done;
    shown_ms_ = now_ms;
    shown_percent_ = 0;
    return;
  }
  if (figures.total == 0 || figures.done == 0) return;
  const uint64_t now_percent = percent(figures.done, figures.total);
  const int64_t since_ms = now_ms - shown_ms_;
  const bool is_due =
      since_ms >= kShowEveryMs ||
      (since_ms >= kShowAtMostEveryMs && now_percent >= shown_percent_ + kShowEveryPercent);
  if (!is_due || (now_percent == 100 && shown_percent_ == 100)) return;
  shown_ms_ = now_ms;
  shown_percent_ = now_percent;
  figures.elapsed_ms = now_ms - phase_began_ms_;
  figures.done_at_start = phase_began_at_;
  console_.show("%s", format_progress(target_, figures).c_str());
}

}  // namespace kdump
