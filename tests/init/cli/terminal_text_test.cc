#include "init/cli/terminal_text.h"

#include <doctest/doctest.h>

#include <string>

namespace kdump {
namespace {

struct Collected final : Sink {
  Result<> write_at(uint64_t offset, Bytes data) override {
    if (offset != text.size()) return fail(Kind::refused, "not written forward");
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
    return {};
  }
  std::string text;
};

Result<> write(Sink& sink, uint64_t offset, const std::string& text) {
  return sink.write_at(offset, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("a terminal is shown control sequences and what is not ASCII, never sent them") {
  Collected screen;
  TerminalText shown(screen);
  CHECK(write(shown, 0, "[    1.000000] \x1b[2Jgone\r\n"));
  CHECK(write(shown, 24, "\ttab, \xc3\xa9, \x9b, \x7f, back\\slash\n"));
  CHECK(screen.text ==
        "[    1.000000] \\x1b[2Jgone\\x0d\n"
        "\ttab, \\xc3\\xa9, \\x9b, \\x7f, back\\slash\n");
}

}  // namespace kdump
