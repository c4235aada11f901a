// Lists of short texts, each list one literal: "panic|vpanic|die". An array of pointers has to be
// relocated and takes 16 bytes more a text.
#pragma once

#include <string_view>

namespace kdump {

// Returns what is before the separator and removes both from the front of `list`; all of it where
// there is no separator.
std::string_view take_part(std::string_view& list, char separator);

// list: parts between '|'. Whether `text` is one of them, or begins with one.
bool is_listed(std::string_view text, std::string_view list);
bool begins_as_listed(std::string_view text, std::string_view list);

}  // namespace kdump
