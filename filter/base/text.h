// Formats text for warnings and messages: printf into a std::string.
#pragma once

#include <string>
#include <string_view>

#include "filter/base/result.h"

namespace kdump {

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

// Replaces every byte that is not printable ASCII with '?', for messages.
std::string printable(std::string_view text);

// Decodes %XX escapes: %41 becomes A. Fails: refused, if two hexadecimal digits do not follow %, or
// the text contains a NUL, also as %00.
Result<std::string> percent_decode(std::string_view text);

}  // namespace kdump
