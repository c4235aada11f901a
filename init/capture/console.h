// One event a line: "kdump: [  62.0s] text", to the console (or the command's standard error), to
// the kernel's log and into the run's own log on the Board. Plain ASCII, whatever a hostile name
// holds. A terminal gets lines of 80 columns: a longer event continues, indented, on up to five
// further lines, because the cause of an error is at its end. Logs, files and pipes get it whole.
// A console that accepts nothing costs a bounded time, once, and lines; never the capture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "init/capture/board.h"

namespace kdump {

// The longest line of an event or a quote, with its newline.
constexpr size_t kEventBytes = 512;
using EventLine = char[kEventBytes];

// One event as one line, everything but printable ASCII escaped as \xNN, what is too long cut with
// "...". Returns the bytes used; the last is a newline, and no NUL is added.
size_t format_event(EventLine& out, int64_t elapsed_ms, std::string_view text);

// A line of another origin, such as one of the crashed kernel's log: escaped likewise, begun with
// "| ", so that nothing in it can pass for an event.
size_t format_quote(EventLine& out, std::string_view line);

constexpr size_t kLineColumns = 79;  // its newline comes on top
constexpr size_t kFoldedLines = 6;
using FoldedLine = char[kFoldedLines * (kLineColumns + 1)];

// A line of format_event() or format_quote() for a terminal of 80 columns. An event continues at a
// space, behind its stamp and an indent; a quote continues behind "|+".
size_t fold(FoldedLine& out, std::string_view line);

class Console {
 public:
  struct Outputs {
    int screen_fd = -1;      // /dev/console, opened with O_NONBLOCK, or standard error; -1: none
    int kmsg_fd = -1;        // /dev/kmsg; -1: none
    Board* board = nullptr;  // for its log; may be null
    int64_t zero_ms = 0;     // CLOCK_MONOTONIC at which "[   0.0s]" is: 0 is the kernel's boot
  };
  explicit Console(const Outputs& outputs);

  // An event. Copies of a Console may be used on both sides of a fork.
  [[gnu::format(printf, 2, 3)]] void say(const char* format, ...);
  // A passing state, such as progress or a countdown: shown, but not kept in the run's log, whose
  // room belongs to events.
  [[gnu::format(printf, 2, 3)]] void show(const char* format, ...);
  // A line of another origin, as format_quote() forms it; not kept either.
  void quote(std::string_view line);

 private:
  void emit(std::string_view text, bool keep);
  void put(std::string_view line);
  void write_kmsg(std::string_view line);
  void write_screen(std::string_view lines);

  Outputs outputs_;
  bool screen_is_terminal_;
  bool screen_is_stuck_ = false;
};

}  // namespace kdump
