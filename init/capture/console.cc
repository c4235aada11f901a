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

// Waited once for a console that takes nothing: flow control that nobody lifts, or a dead peer.
// At 115200 baud a line needs 10 ms.
constexpr int64_t kScreenWaitMs = 2000;

// A level that the kernel prints on the console only where `debug` or loglevel=8 asks for
// everything: what PID 1 writes to the console itself must not appear there twice.
constexpr char kKmsgLevel[] = "<7>";

// As much of text as fits, escaped. It has more room than the lines of an event, so that what is
// lost here is beyond their end and they are cut visibly.
struct Escaped {
  char text[sizeof(EventText)];
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

}  // namespace

size_t format_event(EventText& out, int64_t elapsed_ms, std::string_view text) {
  constexpr std::string_view kCut = "...", kIndent = "  ";
  char stamp[40];
  const int64_t tenths = elapsed_ms > 0 ? elapsed_ms / 100 : 0;
  const size_t stamp_length = static_cast<size_t>(snprintf(
      stamp, sizeof stamp, "kdump: [%4" PRId64 ".%" PRId64 "s] ", tenths / 10, tenths % 10));

  const Escaped escaped = escape(text);
  std::string_view rest(escaped.text, escaped.length);
  size_t end = 0;
  const auto put = [&](std::string_view piece) {
    memcpy(out + end, piece.data(), piece.size());
    end += piece.size();
  };
  for (size_t line = 1;; ++line) {
    put({stamp, stamp_length});
    if (line > 1) put(kIndent);
    const size_t room = kLineColumns - stamp_length - (line > 1 ? kIndent.size() : 0);
    if (rest.size() <= room || line == kEventLines) {
      put(rest.size() <= room ? rest : rest.substr(0, room - kCut.size()));
      if (rest.size() > room) put(kCut);
      put("\n");
      return end;
    }
    const size_t length = break_at(rest, room);
    put(rest.substr(0, length));
    put("\n");
    rest.remove_prefix(length < room ? length + 1 : length);
  }
}

size_t format_quote(EventText& out, std::string_view line) {
  constexpr size_t kMark = 2;
  size_t end = 0, lines = 1;
  const auto begin = [&](const char* mark) {
    memcpy(out + end, mark, kMark);
    end += kMark;
  };
  begin("| ");
  size_t columns = kMark;
  for (const char byte : line) {
    char shown[5];
    const size_t length = escape_byte(shown, byte);
    if (columns + length > kLineColumns) {
      if (lines++ == kEventLines) break;
      out[end++] = '\n';
      begin("|+");
      columns = kMark;
    }
    memcpy(out + end, shown, length);
    end += length;
    columns += length;
  }
  out[end++] = '\n';
  return end;
}

void Console::quote(std::string_view line) {
  EventText out;
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
  EventText out;
  const std::string_view lines(
      out, format_event(out, real_sys().monotonic_ms() - outputs_.zero_ms, text));
  if (keep && outputs_.board) outputs_.board->append_log(lines);
  put(lines);
}

void Console::put(std::string_view lines) {
  if (outputs_.kmsg_fd >= 0) write_kmsg(lines);
  if (outputs_.screen_fd >= 0) write_screen(lines);
}

// One write is one record. The kernel's buffer never blocks; and what could not be written there
// stands on the screen, so nobody need be told.
void Console::write_kmsg(std::string_view lines) {
  while (!lines.empty()) {
    const size_t length = lines.find('\n') + 1;
    char record[sizeof kKmsgLevel + kLineColumns + 1];
    const int size = snprintf(record, sizeof record, "%s%.*s", kKmsgLevel, static_cast<int>(length),
                              lines.data());
    [[maybe_unused]] const ssize_t put =
        ::write(outputs_.kmsg_fd, record, static_cast<size_t>(size));
    lines.remove_prefix(length);
  }
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
