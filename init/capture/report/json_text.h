// Reads what is wanted of a report.json that anyone may have written: the text of one member.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kdump {

// Of the outermost object, unescaped; it may hold any bytes. nullopt: there is no such member, or
// it is no string. What is wrong behind it does not matter.
std::optional<std::string> json_member_text(std::string_view json, std::string_view key);

}  // namespace kdump
