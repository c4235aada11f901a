// See terminal_text.h.
#include "init/cli/terminal_text.h"

#include <cstdio>
#include <string>

#include "filter/base/text.h"

namespace kdump {
namespace {

bool is_harmless(uint8_t c) { return (c >= ' ' && c < 0x7f) || c == '\t' || c == '\n'; }

}  // namespace

Result<> TerminalText::write_at(uint64_t, Bytes data) {
  std::string shown;
  for (const uint8_t byte : data) {
    char escaped[8];
    if (is_harmless(byte))
      shown += static_cast<char>(byte);
    else if (snprintf(escaped, sizeof escaped, "\\x%02x", byte) > 0)
      shown += escaped;
  }
  TRY(out_.write_at(written_, bytes_of_text(shown)));
  written_ += shown.size();
  return {};
}

}  // namespace kdump
