// The end of a log that no target took: how much of it, and how it is shown.
#include "init/pid1/last_resort.h"

#include <doctest/doctest.h>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

std::string tail_of(std::string_view text, size_t piece) {
  TailSink tail;
  for (size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    REQUIRE(tail.write_at(at, {reinterpret_cast<const uint8_t*>(part.data()), part.size()}));
  }
  return tail.text();
}

std::string quoted(std::string_view line) {
  EventLine out;
  return {out, format_quote(out, line)};
}

}  // namespace

TEST_CASE("a short log is kept whole, of a long one the last lines") {
  CHECK(tail_of("one\ntwo\n", 3) == "one\ntwo\n");
  CHECK(tail_of("", 1).empty());
  std::string log;
  for (int i = 0; i < 20'000; ++i) log += "line " + std::to_string(i) + "\n";
  for (const size_t piece : {7u, 80u, 1000u, 100'000u, 1'000'000u}) {
    CAPTURE(piece);
    const std::string tail = tail_of(log, piece);
    CHECK(tail.size() <= kTailBytes);
    CHECK(tail.size() > kTailBytes - 20);
    CHECK(tail.starts_with("line "));
    CHECK(log.ends_with(tail));
  }
}

TEST_CASE("of one endless line the end is kept") {
  const std::string tail = tail_of(std::string(100'000, 'x') + "end", 999);
  CHECK(tail.size() == kTailBytes);
  CHECK(tail.ends_with("xend"));
  CHECK(tail_of(std::string(100'000, 'x') + "\n", 999).size() == kTailBytes);
}

TEST_CASE("a line of the log passes for none of ours, whatever is in it") {
  CHECK(quoted("") == "| \n");
  CHECK(quoted("[    1.0] Oops") == "| [    1.0] Oops\n");
  CHECK(quoted("a\x1b[2J\r\nkdump: saved") == "| a\\x1b[2J\\x0d\\x0akdump: saved\n");
  for (size_t length = 0; length < 2000; ++length) {
    CAPTURE(length);
    for (const char byte : {'x', '\x01'}) {
      const std::string line = quoted(std::string(length, byte));
      CHECK(line.size() <= kEventBytes);
      FoldedLine folded;
      const std::string lines(folded, fold(folded, line));
      REQUIRE(lines.back() == '\n');
      for (size_t at = 0; at < lines.size();) {
        const size_t end = lines.find('\n', at);
        CHECK(end - at <= kLineColumns);
        CHECK(lines.compare(at, 2, at == 0 ? "| " : "|+") == 0);
        at = end + 1;
      }
    }
  }
}

TEST_CASE("pstore's backend is named, and its absence is noticed") {
  FakeSys sys;
  CHECK(pstore_backend(sys).empty());
  sys.add_file("/sys/module/pstore/parameters/backend", "(null)\n");
  CHECK(pstore_backend(sys).empty());
  sys.add_file("/sys/module/pstore/parameters/backend", "erst\n");
  CHECK(pstore_backend(sys) == "erst");
}

}  // namespace kdump
