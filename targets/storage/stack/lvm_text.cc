#include "targets/storage/stack/lvm_text.h"

#include "filter/base/numbers.h"

namespace kdump {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

void drop(std::string_view& text, size_t count) {
  text.remove_prefix(count < text.size() ? count : text.size());
}

void drop_space_and_comments(std::string_view& text) {
  for (;;) {
    drop(text, text.find_first_not_of(kSpace));
    if (!text.starts_with('#')) return;
    drop(text, text.find('\n'));
  }
}

// How long the string is that begins with a quote, with both quotes; npos: it does not end.
size_t quoted_length(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// Where the bracket that opens the text is closed; npos: nowhere. Brackets in strings and comments
// do not count.
size_t closing(std::string_view text, char open, char close) {
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      const size_t length = quoted_length(text.substr(i));
      if (length == std::string_view::npos) return length;
      i += length - 1;
    } else if (text[i] == '#') {
      i = text.find('\n', i);
      if (i == std::string_view::npos) return i;
    } else if (text[i] == open) {
      ++depth;
    } else if (text[i] == close && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// What is between the brackets that open the text, which is taken off with them.
std::optional<std::string_view> take_between(std::string_view& text, char open, char close) {
  const size_t end = closing(text, open, close);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = text.substr(1, end - 1);
  drop(text, end + 1);
  return inside;
}

std::optional<std::string_view> take_value(std::string_view& text) {
  if (text.starts_with('[')) return take_between(text, '[', ']');
  size_t length = text.find_first_of(kSpace);
  if (text.starts_with('"')) {
    length = quoted_length(text);
    if (length == std::string_view::npos) return std::nullopt;
    const std::string_view value = text.substr(1, length - 2);
    drop(text, length);
    return value;
  }
  const std::string_view value = text.substr(0, length);
  drop(text, length);
  return value;
}

std::optional<LvmEntry> find(std::string_view text, std::string_view key, bool is_section) {
  while (const auto entry = next_lvm_entry(text))
    if (entry->is_section == is_section && entry->key == key) return entry;
  return std::nullopt;
}

}  // namespace

std::optional<LvmEntry> next_lvm_entry(std::string_view& text) {
  drop_space_and_comments(text);
  LvmEntry entry{.key = text.substr(0, text.find_first_of(" \t\r\n={")), .value = {}};
  if (entry.key.empty()) return std::nullopt;
  drop(text, entry.key.size());
  drop_space_and_comments(text);
  std::optional<std::string_view> value;
  if (text.starts_with('{')) {
    entry.is_section = true;
    value = take_between(text, '{', '}');
  } else if (text.starts_with('=')) {
    drop(text, 1);
    drop_space_and_comments(text);
    value = take_value(text);
  }
  if (!value) return std::nullopt;
  entry.value = *value;
  return entry;
}

std::string_view lvm_section(std::string_view text, std::string_view key) {
  const auto found = find(text, key, true);
  return found ? found->value : std::string_view{};
}

std::string_view lvm_value(std::string_view text, std::string_view key) {
  const auto found = find(text, key, false);
  return found ? found->value : std::string_view{};
}

std::optional<uint64_t> lvm_number(std::string_view text, std::string_view key) {
  return whole_number<uint64_t>(lvm_value(text, key));
}

std::optional<std::string_view> next_lvm_element(std::string_view& list) {
  drop(list, list.find_first_not_of(" \t\r\n,"));
  if (list.empty()) return std::nullopt;
  if (list.starts_with('"')) return take_value(list);
  const std::string_view element = list.substr(0, list.find_first_of(" \t\r\n,"));
  drop(list, element.size());
  return element;
}

}  // namespace kdump
