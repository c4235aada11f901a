// One event a line: "kdump: [  62.0s] text", to the console (or the command's standard error), to
// the kernel's log and into the run's own log on the board. Plain ASCII for a terminal of 80
// columns, whatever a hostile name holds; an event that needs more continues, indented, on up to
// five further lines, because the cause of an error stands at its end. A line that is full was
// broken within a word, any other at a space: so events can be put together again
// (scripts/lib/events.sh). A console that is stuck costs a bounded time, once, and lines; never the
// capture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "init/capture/board.h"

namespace kdump {

constexpr size_t kLineColumns = 79;  // its newline comes on top
constexpr size_t kEventLines = 6;
using EventText = char[kEventLines * (kLineColumns + 1)];

// The lines of one event, everything but printable ASCII escaped as \xNN, what is too long cut
// with "...". Returns the bytes used; the last is a newline, and no NUL is added.
size_t format_event(EventText& out, int64_t elapsed_ms, std::string_view text);

// A line that is not ours, such as one of the crashed kernel's log: escaped likewise, begun with "|
// " and, where it is continued, "|+", so that nothing in it can pass for an event.
size_t format_quote(EventText& out, std::string_view line);

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
  // A line of somebody else's: shown as format_quote() forms it, not kept either.
  void quote(std::string_view line);

 private:
  void emit(std::string_view text, bool keep);
  void put(std::string_view lines);
  void write_kmsg(std::string_view lines);
  void write_screen(std::string_view lines);

  Outputs outputs_;
  bool screen_is_stuck_ = false;
};

}  // namespace kdump
