#include "filter/base/kernel_tokens.h"

namespace kdump {
namespace {

// The kernel's isspace(), plus NUL: a packed file may hold anything.
bool is_space(char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r') || byte == '\0' || byte == '\xa0';
}

}  // namespace

std::optional<KernelToken> next_kernel_token(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;

  bool in_quotes = false;
  size_t end = 0, equals = std::string_view::npos;
  for (; end < text.size() && (in_quotes || !is_space(text[end])); ++end) {
    if (text[end] == '"') in_quotes = !in_quotes;
    if (text[end] == '=' && equals == std::string_view::npos) equals = end;
  }
  std::string_view token = text.substr(0, end);
  text.remove_prefix(end);

  // A quote that opens the token or its value closes at its end.
  bool is_quoted = false;
  if (token.starts_with('"')) {
    token.remove_prefix(1);
    is_quoted = true;
    if (equals != std::string_view::npos) --equals;
  }
  KernelToken parts{.name = token.substr(0, equals), .value = {}};
  if (equals != std::string_view::npos) {
    parts.value = token.substr(equals + 1);
    if (parts.value.starts_with('"')) {
      parts.value.remove_prefix(1);
      is_quoted = true;
    }
  }
  std::string_view& last = equals != std::string_view::npos ? parts.value : parts.name;
  if (is_quoted && last.ends_with('"')) last.remove_suffix(1);
  return parts;
}

}  // namespace kdump
