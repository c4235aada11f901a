#include "filter/core_file/vmcoreinfo.h"

#include "filter/base/numbers.h"
#include "filter/base/text.h"

namespace kdump {
namespace {

template <class T>
std::optional<T> parse(std::optional<std::string_view> digits, int base) {
  return digits ? whole_number<T>(*digits, base) : std::nullopt;
}

bool has_hex_prefix(std::string_view digits) {
  return digits.starts_with("0x") || digits.starts_with("0X");
}

// The kernel writes no prefix; other writers do, and strtoul(3), which readers use, takes it.
std::optional<uint64_t> parse_hex(std::optional<std::string_view> digits) {
  if (digits && has_hex_prefix(*digits)) digits->remove_prefix(2);
  return parse<uint64_t>(digits, 16);
}

}  // namespace

Vmcoreinfo::Vmcoreinfo(Bytes bytes, uint64_t file_offset)
    : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), file_offset_(file_offset) {
  // The kernel's buffer is a page padded with NULs.
  if (const size_t nul = text_.find('\0'); nul != std::string_view::npos)
    text_ = text_.substr(0, nul);
}

Vmcoreinfo Vmcoreinfo::find(const ElfCore& core) {
  Vmcoreinfo info;
  core.notes().each([&](const Note& note) {
    if (note.name == "VMCOREINFO") info = Vmcoreinfo(note.desc, note.desc_file_offset);
    return info.empty();
  });
  return info;
}

Bytes Vmcoreinfo::bytes() const { return bytes_of_text(text_); }

std::optional<std::string_view> Vmcoreinfo::value(std::string_view kind,
                                                  std::string_view name) const {
  // A few KiB, searched some hundred times a run: an index would cost more than it saves.
  for (std::string_view rest = text_; !rest.empty();) {
    const size_t newline = rest.find('\n');
    std::string_view line = rest.substr(0, newline);
    rest = newline == std::string_view::npos ? std::string_view{} : rest.substr(newline + 1);
    if (!kind.empty()) {
      if (!line.starts_with(kind) || !line.substr(kind.size()).starts_with('(')) continue;
      line.remove_prefix(kind.size() + 1);
    }
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    if (!kind.empty()) {
      if (!line.starts_with(')')) continue;
      line.remove_prefix(1);
    }
    if (!line.starts_with('=')) continue;
    return line.substr(1);
  }
  return std::nullopt;
}

std::optional<std::string_view> Vmcoreinfo::value(std::string_view key) const {
  return value({}, key);
}
std::optional<int64_t> Vmcoreinfo::decimal(std::string_view key) const {
  return parse<int64_t>(value(key), 10);
}
std::optional<uint64_t> Vmcoreinfo::hex(std::string_view key) const {
  return parse_hex(value(key));
}
std::optional<uint64_t> Vmcoreinfo::symbol(std::string_view name) const {
  return parse_hex(value("SYMBOL", name));
}
std::optional<uint64_t> Vmcoreinfo::size(std::string_view name) const {
  return parse<uint64_t>(value("SIZE", name), 10);
}
std::optional<uint64_t> Vmcoreinfo::offset(std::string_view field) const {
  return parse<uint64_t>(value("OFFSET", field), 10);
}
std::optional<uint64_t> Vmcoreinfo::length(std::string_view name) const {
  return parse<uint64_t>(value("LENGTH", name), 10);
}

std::optional<int64_t> Vmcoreinfo::number(std::string_view name) const {
  const auto digits = value("NUMBER", name);
  if (!digits) return std::nullopt;
  if (has_hex_prefix(*digits)) {
    const auto bits = parse_hex(digits);
    return bits ? std::optional(static_cast<int64_t>(*bits)) : std::nullopt;
  }
  return parse<int64_t>(*digits, 10);
}

}  // namespace kdump
