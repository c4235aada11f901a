#include "filter/base/text.h"

#include <charconv>
#include <cstdarg>
#include <cstdio>

namespace kdump {

namespace {

void append(std::string& out, const char* format, va_list arguments) {
  // Long enough for any warning; what is longer is cut, for the numbers in it may be hostile.
  char buffer[512];
  if (vsnprintf(buffer, sizeof buffer, format, arguments) >= 0) out += buffer;
}

}  // namespace

std::string text(const char* format, ...) {
  std::string out;
  va_list arguments;
  va_start(arguments, format);
  append(out, format, arguments);
  va_end(arguments);
  return out;
}

void append_text(std::string& out, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(out, format, arguments);
  va_end(arguments);
}

std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean)
    if (c < ' ' || c > '~') c = '?';
  return clean;
}

Result<std::string> percent_decode(std::string_view text) {
  const int length = static_cast<int>(text.size());  // for messages
  if (text.find('\0') != std::string_view::npos)
    return fail(Kind::refused, "a NUL in %.*s", length, text.data());
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    uint8_t byte = 0;
    const char* digits = text.data() + i + 1;
    if (text.size() - i < 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
      return fail(Kind::refused, "%% needs two hexadecimal digits after it in %.*s", length,
                  text.data());
    if (byte == 0) return fail(Kind::refused, "%%00 in %.*s", length, text.data());
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

}  // namespace kdump
