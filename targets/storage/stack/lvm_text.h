// Parses the grammar of LVM2's metadata text: nested entries `key = value` and sections `key { …
// }`, with comments. Every byte is hostile; nothing is copied or allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kdump {

struct LvmEntry {
  std::string_view key;
  std::string_view value;  // without the quotes, brackets or braces
  bool is_section = false;
};

// Removes the next entry from `text` and returns it; nullopt at the end or for invalid text.
std::optional<LvmEntry> next_lvm_entry(std::string_view& text);

// Return a section, value or number at the top level of `text`; empty if there is none.
std::string_view lvm_section(std::string_view text, std::string_view key);
std::string_view lvm_value(std::string_view text, std::string_view key);
std::optional<uint64_t> lvm_number(std::string_view text, std::string_view key);

// Removes the next element from `list` and returns it without quotes; nullopt at the end.
std::optional<std::string_view> next_lvm_element(std::string_view& list);

}  // namespace kdump
