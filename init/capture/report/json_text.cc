// See json_text.h. RFC 8259, as far as finding a member asks for it.
#include "init/capture/report/json_text.h"

#include <charconv>
#include <cstdint>

namespace kdump {
namespace {

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// Takes what stands between quotes off the beginning of text, which is behind the first of them.
// nullopt: it does not end, or an escape is none.
std::optional<std::string> take_string(std::string_view& text) {
  std::string out;
  while (!text.empty() && text.front() != '"') {
    if (text.front() != '\\') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 2) return std::nullopt;
    constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const size_t which = kEscapes.find(text[1]);
    uint16_t code = 0;
    if (which != std::string_view::npos) {
      out += kMeanings[which];
      text.remove_prefix(2);
    } else if (text[1] == 'u' && text.size() >= 6 &&
               std::from_chars(&text[2], &text[2] + 4, code, 16).ptr == &text[2] + 4) {
      append_utf8(out, code);
      text.remove_prefix(6);
    } else {
      return std::nullopt;
    }
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return out;
}

void skip_space(std::string_view& text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
}

}  // namespace

std::optional<std::string> json_member_text(std::string_view json, std::string_view key) {
  for (int64_t depth = 0; !json.empty();) {
    const char c = json.front();
    json.remove_prefix(1);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const auto found = take_string(json);
    if (!found) return std::nullopt;
    skip_space(json);
    // A string with a colon behind it is a member's name.
    if (depth != 1 || *found != key || !json.starts_with(':')) continue;
    json.remove_prefix(1);
    skip_space(json);
    if (!json.starts_with('"')) return std::nullopt;
    json.remove_prefix(1);
    return take_string(json);
  }
  return std::nullopt;
}

}  // namespace kdump
