#include "init/setup/config/formats.h"
#include "init/setup/config/words.h"

namespace kdump {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

// Up to a # at the start or after white space.
std::string_view without_comment(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '#' && (i == 0 || kWhiteSpace.find(text[i - 1]) != kWhiteSpace.npos))
      return text.substr(0, i);
  return text;
}

std::string_view without_quotes(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    return text.substr(1, text.size() - 2);
  return text;
}

bool has_password(std::string_view url) {
  const size_t begin = url.find("://");
  if (begin == url.npos) return false;
  const std::string_view authority = url.substr(begin + 3, url.find('/', begin + 3) - begin - 3);
  const size_t at = authority.rfind('@');
  return at != authority.npos && authority.substr(0, at).find(':') != authority.npos;
}

void read_target(const std::string& url, Translator& into) {
  if (url.find_first_of(kWhiteSpace) != url.npos)
    return into.refuse_target("target", shown(url) + ": white space is written %20");
  if (has_password(url))
    return into.refuse_target("target",
                              shown(url) + ": a password has no place in a target; use key=");
  const bool is_known =
      (url.starts_with("fs:") && url.find(":/", 4) != url.npos) ||
      (url.starts_with("raw:") && url.size() > 4) ||
      (url.starts_with("nfs://") && url.find('/', 7) != url.npos) ||
      (url.starts_with("ssh://") && url.find('@', 7) != url.npos && url.find('/', 6) != url.npos);
  if (!is_known)
    return into.refuse_target("target",
                              shown(url) +
                                  ": expected fs:DEVICE:/DIRECTORY, raw:DEVICE, nfs://HOST/EXPORT "
                                  "or ssh://USER@HOST/DIRECTORY");
  into.add_target("target", url);
}

void read_choice(const std::string& key, const std::string& value, const char* no,
                 Translator& into) {
  if (value == "yes" && key == "shell")
    into.pack_shell(key);
  else if (value == "yes")
    into.pack_option(key, {"--all-drivers"});
  else if (value == "no")
    into.explain(key, no);
  else
    into.refuse(key, "expected yes or no");
}

void read_luks_key(const std::string& value, Translator& into) {
  const size_t equals = value.rfind("=/");
  if (equals == value.npos || equals == 0 || !into.machine().is_file(value.substr(equals + 1)))
    return into.refuse("luks_key",
                       shown(value) + ": expected DEVICE=FILE, a LUKS device and its key file");
  into.pack_option("luks_key", {"--luks-key", value});
}

void read_network(const std::string& value, Translator& into) {
  for (const std::string& word : split_words(value)) {
    if (is_network_argument(word))
      into.add_network_argument("network", word);
    else
      into.refuse("network", shown(word) + ": expected ip=, nameserver=, vlan=, …");
  }
}

void read_key(const std::string& key, const std::string& value, Translator& into) {
  if (value.empty() && key != "cmdline") {
    if (key == "target") return into.refuse_target(key, "the value is missing");
    return into.refuse(key, "the value is missing");
  }
  if (key == "target") return read_target(value, into);
  if (is_among(key, {"level", "format", "compress", "final", "keep", "timeout", "stall", "limit",
                     "retry", "verify", "shell_timeout"}))
    return into.set_argument(key, key, value);
  if (key == "failure") {
    into.set_argument(key, key, value);
    if (value == "shell") into.pack_shell(key);
    return;
  }
  if (key == "shell") return read_choice(key, value, "no shell is packed", into);
  if (key == "generic") return read_choice(key, value, "the drivers of this machine", into);
  if (key == "network") return read_network(value, into);
  if (key == "cmdline") {
    for (const std::string& word : split_words(value)) into.add_kernel_argument(key, word);
    return;
  }
  if (key == "modules") return into.pack_option(key, {"--add-modules", value});
  if (key == "luks_key") return read_luks_key(value, into);
  if (is_among(key, {"pre", "post"})) return into.pack_hook(key, key, value);
  if (key == "fence_nodes") return into.set_fence_nodes(key, value);
  if (key == "fence_args") return into.set_fence_arguments(key, value);
  const char* const reason = "no such key; kdump-init.conf(5) has them";
  if (may_be_target(value))
    into.refuse_target(shown(key), reason);
  else
    into.refuse(shown(key), reason);
}

void read_line(std::string_view line, Translator& into) {
  const size_t equals = line.find('=');
  const std::string_view key = trimmed(line.substr(0, equals));
  if (equals == line.npos || key.empty() || key.find_first_not_of(kLetters) != key.npos) {
    const std::string first = shown(line.substr(0, line.find_first_of("= \t")));
    const char* const reason = "expected key = value";
    return may_be_target(line) ? into.refuse_target(first, reason) : into.refuse(first, reason);
  }
  const std::string_view value = trimmed(without_comment(trimmed(line.substr(equals + 1))));
  read_key(std::string(key), std::string(without_quotes(value)), into);
}

}  // namespace

void read_own(std::string_view text, Translator& into) {
  text = without_byte_order_mark(text);
  unsigned number = 0;
  while (const auto line = next_line(text)) {
    into.set_line(++number);
    const std::string_view plain = trimmed(*line);
    if (!plain.empty() && !plain.starts_with('#')) read_line(plain, into);
  }
  into.set_line(0);
}

}  // namespace kdump
