// printf into a std::string, for warnings and other text that is made a few times a run.
#pragma once

#include <string>

namespace kdump {

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

}  // namespace kdump
