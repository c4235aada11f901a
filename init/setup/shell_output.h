// Results for the scripts, as assignments that bash evaluates: each value in single quotes, so that
// no byte of it is executed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kdump {

// NAME='…' and a newline.
std::string shell_assignment(std::string_view name, std::string_view value);
// NAME=('…' '…') and a newline.
std::string shell_array(std::string_view name, const std::vector<std::string>& values);

}  // namespace kdump
