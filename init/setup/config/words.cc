#include "init/setup/config/words.h"

#include <algorithm>
#include <cstdio>

#include "filter/base/text.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr size_t kMaxShown = 80;
constexpr std::string_view kHome = "/root";

}  // namespace

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    const size_t begin = text.find_first_not_of(kWhiteSpace);
    if (begin == text.npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(kWhiteSpace), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string> split_at(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string all;
  for (const std::string& word : words) {
    if (!all.empty()) all += separator;
    all += word;
  }
  return all;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

bool is_among(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<std::string_view> next_line(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = lower_case(text);
  if (is_among(word, {"yes", "true", "1", "on"})) return true;
  if (is_among(word, {"no", "false", "0", "off"})) return false;
  return std::nullopt;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kEncoded = "% ?&#\"'\\";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f || kEncoded.find(c) != kEncoded.npos) {
      char code[4];
      snprintf(code, sizeof code, "%%%02X", byte);
      encoded += code;
    } else {
      encoded += c;
    }
  }
  return encoded;
}

std::string shown(std::string_view text) {
  return printable(without_password(text)).substr(0, kMaxShown);
}

std::string with_home(std::string_view path) {
  if (path != "~" && !path.starts_with("~/")) return std::string(path);
  return std::string(kHome) + std::string(path.substr(1));
}

}  // namespace kdump
