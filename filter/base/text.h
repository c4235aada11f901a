// Text for warnings, messages and the like, made a few times a run: printf into a std::string.
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

// For messages: '?' for everything but printable ASCII.
std::string printable(std::string_view text);

// %41 becomes A. Fails: refused, where two hexadecimal digits are missing, and for a NUL, %00 too.
Result<std::string> percent_decode(std::string_view text);

}  // namespace kdump
