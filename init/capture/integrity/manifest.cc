#include "init/capture/integrity/manifest.h"

namespace kdump {
namespace {

constexpr size_t kDigits = 64;
// A crash has five files; a manifest of others may have some more.
constexpr size_t kMaxEntries = 64;
constexpr size_t kMaxNameBytes = 255;

bool is_digest(std::string_view text) {
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name == "." || name == "..") return false;
  for (const char c : name)
    if (c == '/' || c == '\\' || c < ' ' || c == 0x7f) return false;
  return true;
}

}  // namespace

std::string Manifest::text() const {
  std::string text;
  for (const std::string& remark : remarks_) text += "# " + remark + "\n";
  for (const Entry& entry : entries_) text += entry.sha256 + "  " + entry.name + "\n";
  return text;
}

Result<Manifest> Manifest::parse(std::string_view text) {
  Manifest manifest;
  for (unsigned number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    // Digits, a space, a space or (binary) an asterisk, and the name.
    const bool is_entry = line.size() > kDigits + 2 && is_digest(line.substr(0, kDigits)) &&
                          line[kDigits] == ' ' &&
                          (line[kDigits + 1] == ' ' || line[kDigits + 1] == '*') &&
                          is_plain_name(line.substr(kDigits + 2));
    if (!is_entry)
      return fail(Kind::corrupt, "line %u is no checksum and name of a file beside it", number);
    if (manifest.entries_.size() == kMaxEntries)
      return fail(Kind::unsupported, "it has more than %zu files", kMaxEntries);
    manifest.add(std::string(line.substr(kDigits + 2)), std::string(line.substr(0, kDigits)));
  }
  return manifest;
}

}  // namespace kdump
