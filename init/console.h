// One event a line: "kdump: [  62.0s] text", to the console (or the command's standard error), to
// the kernel's log and into the run's own log on the board. Plain ASCII of at most 119 columns
// whatever a hostile name holds. A console that is stuck costs a bounded time, once, and lines;
// never the capture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "init/board.h"

namespace kdump {

// Columns of a line; its newline comes on top.
constexpr size_t kLineColumns = 119;

// "kdump: [  62.0s] text\n" with everything but printable ASCII escaped as \xNN and what is too
// long cut with "...". Returns the bytes used, at most kLineColumns + 1; no NUL is added.
size_t format_line(char (&out)[kLineColumns + 1], int64_t elapsed_ms, std::string_view text);

class Console {
 public:
  struct Outputs {
    int screen_fd = -1;      // /dev/console, opened with O_NONBLOCK, or standard error; -1: none
    int kmsg_fd = -1;        // /dev/kmsg; -1: none
    Board* board = nullptr;  // for its log; may be null
    int64_t zero_ms = 0;     // CLOCK_MONOTONIC at which "[   0.0s]" is: 0 is the kernel's boot
  };
  explicit Console(const Outputs& outputs) : outputs_(outputs) {}

  // An event. Copies of a Console may be used on both sides of a fork.
  [[gnu::format(printf, 2, 3)]] void say(const char* format, ...);
  // A passing state, such as progress or a countdown: shown, but not kept in the run's log, whose
  // room belongs to events.
  [[gnu::format(printf, 2, 3)]] void show(const char* format, ...);

 private:
  void emit(std::string_view text, bool keep);
  void write_screen(const char* line, size_t length);

  Outputs outputs_;
  bool screen_is_stuck_ = false;
};

}  // namespace kdump
