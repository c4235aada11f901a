// See values.h.
#include "init/capture/values.h"

#include "filter/base/numbers.h"
#include "filter/pages/page_class.h"

namespace kdump {
namespace {

// Quoted values are cut: they may come from a garbage command line.
int quoted_length(std::string_view text) {
  constexpr size_t kMaxQuoted = 40;
  return static_cast<int>(text.size() < kMaxQuoted ? text.size() : kMaxQuoted);
}

}  // namespace

Result<uint32_t> parse_number(std::string_view text, uint32_t min, uint32_t max) {
  const auto value = whole_number<uint32_t>(text);
  if (!value || *value < min || *value > max)
    return fail(Kind::refused, "'%.*s' is not a number from %u to %u", quoted_length(text),
                text.data(), min, max);
  return *value;
}

Result<std::vector<uint32_t>> parse_levels(std::string_view text) {
  std::vector<uint32_t> levels;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    const auto level = whole_number<uint32_t>(item);
    if (!level || *level > kMaxLevel)
      return fail(Kind::refused, "'%.*s' is not a dump level: 0 to %u, further ones after commas",
                  quoted_length(item), item.data(), kMaxLevel);
    if (levels.size() == kMaxLevelCount)
      return fail(Kind::refused, "'%.*s' has more than %zu dump levels", quoted_length(text),
                  text.data(), kMaxLevelCount);
    levels.push_back(*level);
    if (comma == std::string_view::npos) return levels;
    rest.remove_prefix(comma + 1);
  }
}

Result<Format> parse_format(std::string_view text) {
  if (text == "kdump") return Format::kdump;
  if (text == "elf") return Format::elf;
  return fail(Kind::refused, "'%.*s' is not a dump format: kdump or elf", quoted_length(text),
              text.data());
}

Result<Compression> parse_compression(std::string_view text) {
  if (text == "auto") return Compression{.kind = Compression::Kind::automatic};
  if (text == "none") return Compression{.kind = Compression::Kind::none};
  if (text == "zstd") return Compression{.kind = Compression::Kind::zstd};
  constexpr std::string_view kZstd = "zstd:";
  if (text.starts_with(kZstd)) {
    const auto level = whole_number<int>(text.substr(kZstd.size()));
    if (level && *level >= kMinZstdLevel && *level <= kMaxZstdLevel)
      return Compression{.kind = Compression::Kind::zstd, .level = *level};
  }
  return fail(Kind::refused,
              "'%.*s' is not a compression: zstd, zstd:LEVEL (%d to %d), none or auto",
              quoted_length(text), text.data(), kMinZstdLevel, kMaxZstdLevel);
}

Result<uint32_t> parse_seconds(std::string_view text, uint32_t min, uint32_t max) {
  const auto value = whole_number<uint32_t>(text);
  if (!value || *value < min || *value > max)
    return fail(Kind::refused, "'%.*s' is not a time of %u to %u seconds", quoted_length(text),
                text.data(), min, max);
  return *value;
}

const char* format_name(Format format) { return format == Format::kdump ? "kdump" : "elf"; }

std::string compression_name(const Compression& compression) {
  switch (compression.kind) {
    case Compression::Kind::automatic:
      return "auto";
    case Compression::Kind::zstd:
      return "zstd:" + std::to_string(compression.level);
    case Compression::Kind::none:
      break;
  }
  return "none";
}

}  // namespace kdump
