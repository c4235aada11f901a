// See json.h.
#include "init/capture/report/json.h"

#include <cinttypes>
#include <cstdio>

namespace kdump {
namespace {

// The length of the UTF-8 sequence that text begins with, 0 if it is none (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF).
size_t utf8_length(std::string_view text) {
  const auto byte = [text](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto continues = [&byte](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned lead = byte(0), second = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (lead == 0xe0 && second < 0xa0) return 0;
    if (lead == 0xed && second > 0x9f) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (lead == 0xf0 && second < 0x90) return 0;
    if (lead == 0xf4 && second > 0x8f) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    // Control characters of one byte, and of two: U+0080 to U+009F command terminals as well.
    const auto code = length == 2 && lead == 0xc2 ? static_cast<unsigned char>(text[1]) : lead;
    if (length == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    if (lead == '"' || lead == '\\') {
      out += '\\';
      out += text[0];
    } else if (length <= 2 && (code < 0x20 || (code >= 0x7f && code < 0xa0))) {
      char escaped[8];
      snprintf(escaped, sizeof escaped, "\\u%04x", code);
      out += escaped;
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out += '"';
}

void JsonWriter::text(const char* key, std::string_view value) {
  item(key);
  append_json_string(out_, value);
}

void JsonWriter::number(const char* key, uint64_t value) {
  item(key);
  out_ += std::to_string(value);
}

void JsonWriter::signed_number(const char* key, int64_t value) {
  item(key);
  out_ += std::to_string(value);
}

void JsonWriter::milliseconds(const char* key, int64_t value) {
  item(key);
  if (value < 0) value = 0;
  char digits[32];
  snprintf(digits, sizeof digits, "%" PRId64 ".%03d", value / 1000, static_cast<int>(value % 1000));
  out_ += digits;
}

void JsonWriter::boolean(const char* key, bool value) {
  item(key);
  out_ += value ? "true" : "false";
}

void JsonWriter::null(const char* key) {
  item(key);
  out_ += "null";
}

std::string JsonWriter::take() {
  out_ += '\n';
  return std::move(out_);
}

void JsonWriter::open(const char* key, char bracket) {
  item(key);
  out_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }
  out_ += bracket;
  first_ = false;
}

void JsonWriter::item(const char* key) {
  if (depth_ > 0) {
    if (!first_) out_ += ',';
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }
  first_ = false;
  if (!key) return;
  append_json_string(out_, key);
  out_ += ": ";
}

}  // namespace kdump
