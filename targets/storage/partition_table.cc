#include "targets/storage/partition_table.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace kdump {
namespace {

// GPT stores the first three groups of a GUID little-endian.
std::string guid_text(const uint8_t* guid) {
  std::array<uint8_t, 16> straight;
  std::copy_n(guid, straight.size(), straight.begin());
  std::reverse(&straight[0], &straight[4]);
  std::reverse(&straight[4], &straight[6]);
  std::reverse(&straight[6], &straight[8]);
  return uuid_text(straight.data());
}

void append_utf8(std::string& text, uint32_t code) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

std::string utf8_of(const uint8_t* utf16, size_t units) {
  std::string text;
  for (size_t i = 0; i < units; ++i) {
    uint32_t code = load<uint16_t>(utf16 + 2 * i);
    if (code == 0) break;
    if (code >= 0xd800 && code < 0xdc00 && i + 1 < units) {
      const uint32_t low = load<uint16_t>(utf16 + 2 * (i + 1));
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        ++i;
      }
    }
    append_utf8(text, code);
  }
  return text;
}

Result<PartitionIdentity> read_gpt(const Image& disk, uint32_t number, uint32_t sector_size) {
  std::array<uint8_t, 92> header;
  if (!TRY(disk.has(sector_size, header)) || memcmp(&header[0], "EFI PART", 8) != 0)
    return PartitionIdentity{};
  const uint64_t table_lba = load<uint64_t>(&header[72]);
  const uint32_t entries = load<uint32_t>(&header[80]), entry_size = load<uint32_t>(&header[84]);
  if (number == 0 || number > entries || entry_size < 128 || table_lba >= disk.size() / sector_size)
    return PartitionIdentity{};
  std::array<uint8_t, 128> entry;
  // No overflow: the table begins inside the disk, and the product is below 2^64 (32 bits by 32).
  const uint64_t into_table = uint64_t{number - 1} * entry_size;
  const uint64_t table = table_lba * sector_size;
  if (into_table >= disk.size() - table || !TRY(disk.has(table + into_table, entry)))
    return PartitionIdentity{};
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  if (std::all_of(&entry[0], &entry[16], is_zero)) return PartitionIdentity{};  // type: unused
  return PartitionIdentity{.uuid = guid_text(&entry[16]), .label = utf8_of(&entry[56], 36)};
}

}  // namespace

Result<PartitionIdentity> read_partition_identity(const Image& disk, uint32_t number,
                                                  uint32_t sector_size) {
  PartitionIdentity gpt = TRY(read_gpt(disk, number, sector_size));
  if (!gpt.uuid.empty()) return gpt;
  // An MBR's partitions, the logical ones too, are called after the disk's signature.
  std::array<uint8_t, 512> mbr;
  if (!TRY(disk.has(0, mbr)) || load<uint16_t>(&mbr[510]) != 0xaa55) return PartitionIdentity{};
  const uint32_t signature = load<uint32_t>(&mbr[440]);
  if (signature == 0) return PartitionIdentity{};
  char uuid[24];
  snprintf(uuid, sizeof uuid, "%08x-%02x", signature, number);
  return PartitionIdentity{.uuid = uuid};
}

}  // namespace kdump
