// The values that kernel arguments and command-line options have in common: one parser and one
// name each, so that "--level 31,0" and "rd.kdump.level=31,0" cannot come to differ. Pure text in,
// Result out; which argument a value stood in is added by the caller (wrap).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filter/base/result.h"
#include "filter/dump/dump_writer.h"

namespace kdump {

// Each level is tried where the space is too small for the one before.
constexpr size_t kMaxLevelCount = 8;
// Negative levels, which zstd has, mean what 0 means here: the fastest there is.
constexpr int kMinZstdLevel = -100;
constexpr int kMaxZstdLevel = 22;

// All of these fail with kind refused and a text that quotes the value and says what it may be.

// A whole decimal number from min to max.
Result<uint32_t> parse_number(std::string_view text, uint32_t min, uint32_t max);
// "31" or "31,0": dump levels in the order in which they are to be tried, never none.
Result<std::vector<uint32_t>> parse_levels(std::string_view text);
// "kdump" or "elf".
Result<Format> parse_format(std::string_view text);
// "zstd", "zstd:LEVEL", "none" or "auto".
Result<Compression> parse_compression(std::string_view text);
// Seconds, from min to max.
Result<uint32_t> parse_seconds(std::string_view text, uint32_t min, uint32_t max);

// As the parsers read them.
const char* format_name(Format format);
std::string compression_name(const Compression& compression);

}  // namespace kdump
