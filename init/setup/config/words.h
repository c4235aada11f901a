// Text of configuration files: words, values of shell assignments, and how text is written in a
// URL or shown in a message. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text);
// The words between white space.
std::vector<std::string> split_words(std::string_view text);
// Splits at each `separator`; an empty text has no parts.
std::vector<std::string> split_at(std::string_view text, char separator);
std::string joined(const std::vector<std::string>& words, std::string_view separator = " ");
std::string lower_case(std::string_view text);
bool is_among(std::string_view text, std::initializer_list<std::string_view> words);
// Takes the next line off the front, without its end; nothing when none is left.
std::optional<std::string_view> next_line(std::string_view& text);
// Without the byte order mark that some editors put first.
std::string_view without_byte_order_mark(std::string_view text);

// yes, true, 1, on and their opposites in any case; nothing for anything else.
std::optional<bool> parse_boolean(std::string_view text);

// For a field of a URL: what would end the field, or the kernel's word, becomes %XX.
std::string percent_encode(std::string_view text);

// For a message: short, printable, without what may be the password of a URL, well-formed or not.
std::string shown(std::string_view text);

// The directory in which /bin/sh, as root, finds "~/FILE"; other text as it is.
std::string with_home(std::string_view path);

}  // namespace kdump
