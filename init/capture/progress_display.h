// What the supervisor shows of a running job: how far it is, how fast, how long it will take, and
// what it waits for. It only reads the board; when to end a job is supervise.cc's.
#pragma once

#include <cstdint>

#include "init/capture/board.h"
#include "init/capture/console.h"

namespace kdump {

// "writing fs:UUID=…: 37% 5.9/15.8 GiB 105 MiB/s eta 97s". All figures are of memory looked at:
// how much of that a filter keeps, and a compressor leaves, is not known before the end. A long
// target is cut, so that the line fits a terminal of 80 columns.
struct ProgressFigures {
  Phase phase = Phase::open;
  uint64_t done = 0, total = 0;  // page frames
  uint64_t page_bytes = 4096;
  int64_t elapsed_ms = 0;  // since `done` was `done_at_start`
  uint64_t done_at_start = 0;
};
std::string format_progress(const char* target, const ProgressFigures& figures);

class ProgressDisplay {
 public:
  // target: for messages; must outlive this.
  ProgressDisplay(const char* target, const Board& board, Console& console)
      : target_(target), board_(board), console_(console) {}

  // Called about once a second, and oftener as it comes.
  void update(int64_t now_ms);

 private:
  void show_wait(int64_t now_ms, int64_t until_ms);
  void show_phase(int64_t now_ms);

  const char* target_;
  const Board& board_;
  Console& console_;

  Phase phase_ = Phase::open;
  int64_t phase_began_ms_ = 0;
  uint64_t phase_began_at_ = 0;
  int64_t shown_ms_ = 0;
  uint64_t shown_percent_ = 0;

  int64_t wait_until_ms_ = 0;
  int64_t wait_shown_ms_ = 0;
};

}  // namespace kdump
