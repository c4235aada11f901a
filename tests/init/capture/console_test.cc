// Lines of the console: their form, whatever is in them, and a screen that is stuck.
#include "init/capture/console.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "filter/base/sys.h"

namespace kdump {
namespace {

std::string event(int64_t elapsed_ms, std::string_view text) {
  EventLine out;
  return {out, format_event(out, elapsed_ms, text)};
}

// The same as a terminal of 80 columns gets it.
std::string folded(std::string_view text) {
  const std::string line = event(0, text);
  FoldedLine out;
  return {out, fold(out, line)};
}

struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::string read() const {
    char bytes[4096];
    const ssize_t got = ::read(ends[0], bytes, sizeof bytes);
    return {bytes, got > 0 ? static_cast<size_t>(got) : 0};
  }
  int ends[2];
};

TEST_CASE("an event is one line with its time") {
  CHECK(event(62'049, "mounted") == "kdump: [  62.0s] mounted\n");
  CHECK(event(0, "") == "kdump: [   0.0s] \n");
  CHECK(event(-5, "x") == "kdump: [   0.0s] x\n");
  CHECK(event(123'456'789, "x") == "kdump: [123456.7s] x\n");
}

TEST_CASE("bytes that a terminal would act on are escaped") {
  CHECK(event(0, "a\x1b[2J\nb\x80\x7f") == "kdump: [   0.0s] a\\x1b[2J\\x0ab\\x80\\x7f\n");
}

TEST_CASE("an event that is too long for a line is cut visibly") {
  for (size_t length = 0; length < 1200; ++length) {
    CAPTURE(length);
    for (const char byte : {'x', '\x01'}) {
      const std::string line = event(1000, std::string(length, byte));
      CHECK(line.size() <= kEventBytes);
      CHECK(line.find('\n') == line.size() - 1);
      const bool fits = 17 + length * (byte == 'x' ? 1 : 4) + 1 <= kEventBytes;
      CHECK(line.ends_with("...\n") == !fits);
    }
  }
}

TEST_CASE("a terminal of 80 columns wraps no line, and no word is lost before the sixth") {
  for (size_t length = 0; length < 1200; ++length) {
    CAPTURE(length);
    for (const std::string& text : {std::string(length, 'x'), std::string(length, '\x01'), [&] {
                                      std::string words;
                                      while (words.size() < length) words += "word ";
                                      return words.substr(0, length);
                                    }()}) {
      const std::string lines = folded(text);
      REQUIRE(lines.back() == '\n');
      size_t count = 0;
      for (size_t at = 0; at < lines.size(); ++count) {
        const size_t end = lines.find('\n', at);
        CHECK(end - at <= kLineColumns);
        CHECK(lines.compare(at, 7, "kdump: ") == 0);
        at = end + 1;
      }
      CHECK(count <= kFoldedLines);
      const bool is_cut = lines.ends_with("...\n");
      if (!is_cut && text.find('w') == 0) {
        size_t words = 0;
        for (size_t at = lines.find("word"); at != lines.npos; at = lines.find("word", at + 1))
          ++words;
        CHECK(words == (length + 1) / 5);
      }
    }
  }
}

TEST_CASE("on a terminal a long event continues, indented, at a space") {
  const std::string lines = folded(std::string(61, 'a') + " " + std::string(40, 'b'));
  CHECK(lines == "kdump: [   0.0s] " + std::string(61, 'a') + "\n" + "kdump: [   0.0s]   " +
                     std::string(40, 'b') + "\n");
}

TEST_CASE("on a terminal a full line was broken within a word, or has its space on the next") {
  const std::string full(62, 'a');
  CHECK(folded(full + "b") == "kdump: [   0.0s] " + full + "\nkdump: [   0.0s]   b\n");
  CHECK(folded(full + " b") == "kdump: [   0.0s] " + full + "\nkdump: [   0.0s]    b\n");
}

TEST_CASE("pipes, the kernel's log and the run's own log get a long event as one line") {
  const std::string words(200, 'w'), line = words + " " + words;
  const Pipe screen, kmsg;
  const auto board = Board::create();
  REQUIRE(board);
  Console console({.screen_fd = screen.ends[1], .kmsg_fd = kmsg.ends[1], .board = *board});
  console.say("%s", line.c_str());
  CHECK(screen.read().ends_with(line + "\n"));
  CHECK(kmsg.read().ends_with(line + "\n"));
  CHECK((*board)->log_text().ends_with(line + "\n"));
}

TEST_CASE("a terminal gets a long event folded, the run's own log gets it whole") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(master >= 0);
  REQUIRE(::grantpt(master) == 0);
  REQUIRE(::unlockpt(master) == 0);
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  REQUIRE(terminal >= 0);
  const auto board = Board::create();
  REQUIRE(board);
  Console console({.screen_fd = terminal, .board = *board, .zero_ms = real_sys().monotonic_ms()});
  const std::string words(55, 'w'), line = words + " " + words;
  console.say("%s", line.c_str());
  std::string text;
  while (std::count(text.begin(), text.end(), '\n') < 2) {
    char shown[512];
    const ssize_t got = ::read(master, shown, sizeof shown);
    REQUIRE(got > 0);
    text.append(shown, static_cast<size_t>(got));
  }
  CHECK(text.find(words + "\r\nkdump: [") != text.npos);
  CHECK(text.ends_with("]   " + words + "\r\n"));
  CHECK((*board)->log_text().ends_with(line + "\n"));
  ::close(terminal);
  ::close(master);
}

TEST_CASE("an event goes to the screen and to the log, a passing state only to the screen") {
  const Pipe pipe;
  const auto board = Board::create();
  REQUIRE(board);
  Console console({.screen_fd = pipe.ends[1], .board = *board});
  console.say("event %d", 1);
  console.show("state %d", 2);
  const std::string shown = pipe.read();
  CHECK(shown.find("event 1\n") != shown.npos);
  CHECK(shown.find("state 2\n") != shown.npos);
  CHECK((*board)->log_text().find("event 1\n") != std::string_view::npos);
  CHECK((*board)->log_text().find("state 2") == std::string_view::npos);
}

TEST_CASE("a record for the kernel's log bears a level that quiet consoles do not print") {
  const Pipe kmsg;
  Console console({.kmsg_fd = kmsg.ends[1]});
  console.say("event");
  CHECK(kmsg.read().starts_with("<7>kdump: ["));
}

TEST_CASE("a stuck screen costs one wait, and lines, but not the next ones") {
  const Pipe pipe;
  while (::write(pipe.ends[1], "x", 1) == 1) {
  }
  Console console({.screen_fd = pipe.ends[1]});
  Sys& sys = real_sys();
  const int64_t began_ms = sys.monotonic_ms();
  console.say("lost");
  const int64_t after_first_ms = sys.monotonic_ms();
  for (int i = 0; i < 20; ++i) console.say("lost too");
  CHECK(after_first_ms - began_ms < 5000);
  CHECK(sys.monotonic_ms() - after_first_ms < 1000);

  while (pipe.read().size() == 4096) {
  }
  console.say("seen");
  const std::string shown = pipe.read();
  CHECK(shown.find("seen") != shown.npos);
  CHECK(shown.find("lost") == shown.npos);
}

TEST_CASE("a full log drops whole lines") {
  const auto created = Board::create();
  REQUIRE(created);
  Board& board = **created;
  const std::string line(100, 'x');
  for (uint32_t i = 0; i < kLogBytes; i += 100) board.append_log(line);
  CHECK(board.log_text().size() == kLogBytes / 100 * 100);
  board.append_log("short\n");
  CHECK(board.log_text().ends_with("short\n"));
}

TEST_CASE("a board full of nonsense is read within its bounds") {
  const auto created = Board::create();
  REQUIRE(created);
  Board& board = **created;
  memset(static_cast<void*>(&board), 0xff, sizeof(Board));
  CHECK(board.outcome() == Board::Outcome::none);
  CHECK(board.location().size() == Board::kLocationBytes);
  CHECK(board.waiting_for().size() == Board::kWaitingForBytes);
  CHECK(board.log_text().size() == kLogBytes);
  CHECK(strlen(board.error().text) < sizeof(Error::text));
  CHECK(kind_name(board.error().kind) != std::string("unknown"));
  board.append_log("x");
}

}  // namespace
}  // namespace kdump
