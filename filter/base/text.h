// Formats text for warnings and messages: printf into a std::string.
#pragma once

#include <string>
#include <string_view>

#include "filter/base/bytes.h"
#include "filter/base/result.h"

namespace kdump {

// A view of the text.
inline Bytes bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);
// Appends it to `out`: at most 511 bytes at once.
[[gnu::format(printf, 2, 3)]] void append_text(std::string& out, const char* format, ...);

// Replaces every byte that is not printable ASCII with '?', for messages.
std::string printable(std::string_view text);

// Decodes %XX escapes: %41 becomes A. Fails: refused, if two hexadecimal digits do not follow %, or
// the text contains a NUL, also as %00.
Result<std::string> percent_decode(std::string_view text);

}  // namespace kdump
