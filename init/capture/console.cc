#include "init/capture/console.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "filter/base/sys.h"

namespace kdump {
namespace {

// How long a console that accepts nothing is waited for, once: flow control, or a dead peer.
// At 115200 baud a line needs 10 ms.
constexpr int64_t kScreenWaitMs = 2000;

// A level that the kernel prints on the console only where `debug` or loglevel=8 asks for
// everything: what PID 1 writes to the console itself must not appear there twice.
constexpr char kKmsgLevel[] = "<7>";

// As much of text as fits, escaped. It has more room than the text of a line, so that what is lost
// here is beyond the line's end, and the line is cut visibly.
struct Escaped {
  char text[kEventBytes];
  size_t length = 0;
};

size_t escape_byte(char (&out)[5], char byte) {
  out[0] = byte;
  if (byte >= ' ' && byte <= '~') return 1;
  return static_cast<size_t>(snprintf(out, sizeof out, "\\x%02x", byte & 0xff));
}

Escaped escape(std::string_view text) {
  Escaped escaped;
  for (const char byte : text) {
    char out[5];
    const size_t length = escape_byte(out, byte);
    if (length > sizeof escaped.text - escaped.length) break;
    memcpy(escaped.text + escaped.length, out, length);
    escaped.length += length;
  }
  return escaped;
}

// How much of rest goes on a line with that much room: up to a space, if one is near enough, and
// then not all of the room.
size_t break_at(std::string_view rest, size_t room) {
  const size_t space = rest.substr(0, room).rfind(' ');
  return space != std::string_view::npos && space > room / 2 ? space : room;
}

size_t format_line(EventLine& out, std::string_view begin, std::string_view text) {
  constexpr std::string_view kCut = "...";
  const Escaped escaped = escape(text);
  std::string_view shown(escaped.text, escaped.length);
  const size_t room = kEventBytes - 1 - begin.size();
  const bool is_cut = shown.size() > room;
  if (is_cut) shown = shown.substr(0, room - kCut.size());
  size_t end = 0;
  for (const std::string_view piece : {begin, shown, is_cut ? kCut : "", std::string_view("\n")}) {
    memcpy(out + end, piece.data(), piece.size());
    end += piece.size();
  }
  return end;
}

}  // namespace

size_t format_event(EventLine& out, int64_t elapsed_ms, std::string_view text) {
  char stamp[40];
  const int64_t tenths = elapsed_ms > 0 ? elapsed_ms / 100 : 0;
  const size_t length = static_cast<size_t>(snprintf(
      stamp, sizeof stamp, "kdump: [%4" PRId64 ".%" PRId64 "s] ", tenths / 10, tenths % 10));
  return format_line(out, {stamp, length}, text);
}

size_t format_quote(EventLine& out, std::string_view line) { return format_line(out, "| ", line); }

size_t fold(FoldedLine& out, std::string_view line) {
  constexpr std::string_view kCut = "...";
  const bool is_quote = line.starts_with("| ");
  const size_t stamp_end = is_quote ? 2 : line.find("] ") + 2;
  const std::string_view stamp = line.substr(0, stamp_end);
  std::string_view rest = line.substr(stamp_end, line.size() - stamp_end - 1);
  size_t end = 0;
  const auto put = [&](std::string_view piece) {
    memcpy(out + end, piece.data(), piece.size());
    end += piece.size();
  };
  for (size_t number = 1;; ++number) {
    const size_t begin = end;
    put(is_quote && number > 1 ? "|+" : stamp);
    if (!is_quote && number > 1) put("  ");
    const size_t room = kLineColumns - (end - begin);
    if (rest.size() <= room || number == kFoldedLines) {
      put(rest.size() <= room ? rest : rest.substr(0, room - kCut.size()));
      if (rest.size() > room) put(kCut);
      put("\n");
      return end;
    }
    const size_t length = is_quote ? room : break_at(rest, room);
    put(rest.substr(0, length));
    put("\n");
    rest.remove_prefix(length < room ? length + 1 : length);
  }
}

Console::Console(const Outputs& outputs)
    : outputs_(outputs),
      screen_is_terminal_(outputs.screen_fd >= 0 && ::isatty(outputs.screen_fd) == 1) {}

void Console::quote(std::string_view line) {
  EventLine out;
  put({out, format_quote(out, line)});
}

void Console::say(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  emit(text, true);
}

void Console::show(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  emit(text, false);
}

void Console::emit(std::string_view text, bool keep) {
  EventLine out;
  const std::string_view line(
      out, format_event(out, real_sys().monotonic_ms() - outputs_.zero_ms, text));
  if (keep && outputs_.board) outputs_.board->append_log(line);
  put(line);
}

void Console::put(std::string_view line) {
  if (outputs_.kmsg_fd >= 0) write_kmsg(line);
  if (outputs_.screen_fd < 0) return;
  if (!screen_is_terminal_) return write_screen(line);
  FoldedLine folded;
  write_screen({folded, fold(folded, line)});
}

// One write is one record. The kernel's buffer never blocks; what cannot be written there is on the
// screen, so a failure is not reported.
void Console::write_kmsg(std::string_view line) {
  char record[sizeof kKmsgLevel + kEventBytes];
  const int size = snprintf(record, sizeof record, "%s%.*s", kKmsgLevel,
                            static_cast<int>(line.size()), line.data());
  [[maybe_unused]] const ssize_t put = ::write(outputs_.kmsg_fd, record, static_cast<size_t>(size));
}

// A stuck screen is waited for once; after that, lines are dropped until it takes bytes again.
void Console::write_screen(std::string_view lines) {
  Sys& sys = real_sys();
  const int64_t give_up_ms = sys.monotonic_ms() + (screen_is_stuck_ ? 0 : kScreenWaitMs);
  while (!lines.empty()) {
    pollfd screen{.fd = outputs_.screen_fd, .events = POLLOUT, .revents = 0};
    const int64_t left_ms = give_up_ms - sys.monotonic_ms();
    const int ready = ::poll(&screen, 1, left_ms > 0 ? static_cast<int>(left_ms) : 0);
    if (ready < 0 && errno == EINTR && left_ms > 0) continue;
    if (ready <= 0) {
      screen_is_stuck_ = true;
      return;
    }
    const ssize_t put = ::write(outputs_.screen_fd, lines.data(), lines.size());
    if (put > 0) {
      lines.remove_prefix(static_cast<size_t>(put));
    } else if (put == 0 || (errno != EAGAIN && errno != EINTR)) {
      return;  // gone: a closed pipe, or a terminal that hung up
    } else if (left_ms <= 0) {
      screen_is_stuck_ = true;
      return;
    }
  }
  screen_is_stuck_ = false;
}

}  // namespace kdump
