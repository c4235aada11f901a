// The grammar of LVM2's metadata text: entries `key = value` and sections `key { … }`, nested, with
// comments. Knows no key. Every byte is hostile; nothing is copied or allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kdump {

struct LvmEntry {
  std::string_view key;
  std::string_view value;  // of a string without its quotes, of a list without its brackets, of a
                           // section what is between the braces
  bool is_section = false;
};

// The next entry, which is taken off the text. nullopt: no more, or none that can be understood.
std::optional<LvmEntry> next_lvm_entry(std::string_view& text);

// Of those directly in the text; "" if there is none.
std::string_view lvm_section(std::string_view text, std::string_view key);
std::string_view lvm_value(std::string_view text, std::string_view key);
std::optional<uint64_t> lvm_number(std::string_view text, std::string_view key);

// The next element of a list, unquoted; it is taken off. nullopt: no more.
std::optional<std::string_view> next_lvm_element(std::string_view& list);

}  // namespace kdump
