// Text for warnings, messages and the like, made a few times a run: printf into a std::string.
#pragma once

#include <string>
#include <string_view>

namespace kdump {

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

// For messages: '?' for everything but printable ASCII.
std::string printable(std::string_view text);

}  // namespace kdump
