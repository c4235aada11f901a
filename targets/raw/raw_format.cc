#include "targets/raw/raw_format.h"

#include <algorithm>

namespace kdump {
namespace {

constexpr char kMagic[] = "KDUMPRAW";
constexpr uint32_t kVersion = 1;
// Offsets in a label.
constexpr size_t kVersionAt = 8, kCrcAt = 12, kSequenceAt = 16, kCountAt = 24, kCrashAt = 32;
constexpr size_t kEntriesAt = 512, kEntryBytes = 64;
// Offsets in an entry.
constexpr size_t kOffsetAt = 40, kSizeAt = 48, kStateAt = 56;
static_assert(kEntriesAt + kRawMaxEntries * kEntryBytes <= kRawBlock);

// CRC-32 as in zlib, a bit at a time: a label is written a dozen times a dump.
uint32_t crc32(Bytes data) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

template <class T>
void store(uint8_t* at, T value) {
  memcpy(at, &value, sizeof value);
}

void store_text(uint8_t* at, const std::string& text, size_t most) {
  memcpy(at, text.data(), std::min(text.size(), most));
}

std::string load_text(const uint8_t* at, size_t most) {
  const auto* text = reinterpret_cast<const char*>(at);
  return std::string(text, strnlen(text, most));
}

uint32_t crc_of(RawLabelBlock block) {
  store(&block[kCrcAt], uint32_t{0});
  return crc32(block);
}

}  // namespace

Result<RawLayout> RawLayout::of(uint64_t device_bytes) {
  if (device_bytes < kRawSmallestDevice)
    return fail(Kind::no_space, "%" PRIu64 " bytes; a raw target needs %" PRIu64, device_bytes,
                kRawSmallestDevice);
  // 16 MiB hold the kernel log of a machine with a thousand processors.
  constexpr uint64_t kMinForFiles = 64 << 10, kMaxForFiles = 16 << 20;
  const uint64_t end = device_bytes / kRawBlock * kRawBlock;
  const uint64_t trailer = std::clamp(end / 16 / kRawBlock * kRawBlock, kMinForFiles, kMaxForFiles);
  return RawLayout{.files = end - trailer,
                   .spare = end - 3 * kRawBlock,
                   .labels = {end - kRawBlock, end - 2 * kRawBlock}};
}

RawLabelBlock encode_raw_label(const RawLabel& label) {
  RawLabelBlock block = {};
  memcpy(&block[0], kMagic, 8);
  store(&block[kVersionAt], kVersion);
  store(&block[kSequenceAt], label.sequence);
  const size_t count = std::min(label.entries.size(), kRawMaxEntries);
  store(&block[kCountAt], static_cast<uint32_t>(count));
  store_text(&block[kCrashAt], label.crash, kRawCrashNameBytes);
  for (size_t i = 0; i < count; ++i) {
    uint8_t* const at = &block[kEntriesAt + i * kEntryBytes];
    const RawEntry& entry = label.entries[i];
    store_text(at, entry.name, kRawNameBytes);
    store(at + kOffsetAt, entry.offset);
    store(at + kSizeAt, entry.size);
    store(at + kStateAt, static_cast<uint32_t>(entry.state));
  }
  store(&block[kCrcAt], crc_of(block));
  return block;
}

std::optional<RawLabel> decode_raw_label(const RawLabelBlock& block) {
  if (memcmp(&block[0], kMagic, 8) != 0 || load<uint32_t>(&block[kVersionAt]) != kVersion ||
      load<uint32_t>(&block[kCrcAt]) != crc_of(block))
    return std::nullopt;
  const uint32_t count = load<uint32_t>(&block[kCountAt]);
  if (count > kRawMaxEntries) return std::nullopt;
  RawLabel label{.sequence = load<uint64_t>(&block[kSequenceAt]),
                 .crash = load_text(&block[kCrashAt], kRawCrashNameBytes),
                 .entries = {}};
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const at = &block[kEntriesAt + i * kEntryBytes];
    const uint32_t state = load<uint32_t>(at + kStateAt);
    if (state > static_cast<uint32_t>(RawState::incomplete)) return std::nullopt;
    label.entries.push_back({.name = load_text(at, kRawNameBytes),
                             .offset = load<uint64_t>(at + kOffsetAt),
                             .size = load<uint64_t>(at + kSizeAt),
                             .state = static_cast<RawState>(state)});
  }
  return label;
}

}  // namespace kdump
