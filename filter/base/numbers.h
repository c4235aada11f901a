// Numbers in text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace kdump {

// Returns the number that all of `digits` is; nothing where a character is left over, or the number
// does not fit. Not inline, because its callers are many and none of them is fast.
template <class T>
[[gnu::noinline]] std::optional<T> whole_number(std::string_view digits, int base = 10) {
  T value{};
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace kdump
