// The file systems that a dump is saved to, from their superblocks: ext4 (Linux: fs/ext4/ext4.h,
// struct ext4_super_block), XFS (fs/xfs/libxfs/xfs_format.h, struct xfs_dsb), btrfs
// (include/uapi/linux/btrfs_tree.h, struct btrfs_super_block), FAT (include/uapi/linux/msdos_fs.h).
// Signatures of everything else: signatures.cc.
#include "targets/storage/identity.h"

#include <array>
#include <bit>
#include <cstdio>

#include "filter/base/text.h"
#include "targets/storage/signatures.h"

namespace kdump {
namespace {

using Found = Result<Identity>;  // type "": it is not this file system

// A fixed-size field that is padded with NULs.
std::string field(const uint8_t* bytes, size_t size) {
  return std::string(reinterpret_cast<const char*>(bytes),
                     strnlen(reinterpret_cast<const char*>(bytes), size));
}

bool is_power_of_two(uint32_t value, uint32_t low, uint32_t high) {
  return std::has_single_bit(value) && value >= low && value <= high;
}

// All of ext2, ext3 and ext4 is mounted by the ext4 driver: it is the only one that today's
// distributions build, and it reads the other two as they are.
Found read_ext4(const Image& image) {
  constexpr uint32_t kJournalDevice = 0x8;  // feature_incompat: no file system, but one's journal
  std::array<uint8_t, 264> super;
  if (!TRY(image.has(1024, super)) || load<uint16_t>(&super[56]) != 0xef53) return Identity{};
  // The magic is two bytes only. Block sizes are 1 KiB << 0…6, and no group is empty.
  if (load<uint32_t>(&super[24]) > 6 || load<uint32_t>(&super[32]) == 0) return Identity{};
  const bool is_journal = load<uint32_t>(&super[96]) & kJournalDevice;
  return Identity{.type = is_journal ? "jbd" : "ext4",
                  .is_mountable = !is_journal,
                  .uuid = uuid_text(&super[104]),
                  .label = field(&super[120], 16)};
}

Found read_xfs(const Image& image) {
  std::array<uint8_t, 120> super;
  if (!TRY(image.has(0, super)) || memcmp(&super[0], "XFSB", 4) != 0) return Identity{};
  if (!is_power_of_two(std::byteswap(load<uint32_t>(&super[4])), 512, 65536)) return Identity{};
  return Identity{.type = "xfs",
                  .is_mountable = true,
                  .uuid = uuid_text(&super[32]),
                  .label = field(&super[108], 12)};
}

Found read_btrfs(const Image& image) {
  std::array<uint8_t, 555> super;
  if (!TRY(image.has(65536, super)) || memcmp(&super[64], "_BHRfS_M", 8) != 0) return Identity{};
  if (load<uint64_t>(&super[48]) != 65536) return Identity{};  // its own offset
  return Identity{.type = "btrfs",
                  .is_mountable = true,
                  .uuid = uuid_text(&super[32]),
                  .label = field(&super[299], 256),
                  .devices = load<uint64_t>(&super[136])};
}

struct FatLayout {
  uint64_t root_offset = 0;  // bytes
  uint32_t root_size = 0;
};

// The volume label is an entry of the root directory; the boot sector's copy is often stale.
Result<std::string> fat_label(const Image& image, const FatLayout& layout) {
  constexpr uint32_t kMaxEntries = 4096;  // 128 KiB: the largest cluster there is
  constexpr uint8_t kAttributes = 11, kVolumeLabel = 0x08, kLongName = 0x0f, kKindBits = 0x3f;
  std::array<uint8_t, 512> sector;
  for (uint32_t at = 0; at < layout.root_size && at < kMaxEntries * 32;
       at += static_cast<uint32_t>(sector.size())) {
    if (!TRY(image.has(layout.root_offset + at, sector))) break;
    for (const uint8_t* entry = sector.begin(); entry != sector.end(); entry += 32) {
      if (entry[0] == 0) return std::string();
      if (entry[0] == 0xe5 || (entry[kAttributes] & kKindBits) == kLongName) continue;
      if (!(entry[kAttributes] & kVolumeLabel)) continue;
      std::string label(reinterpret_cast<const char*>(entry), 11);
      label.resize(label.find_last_not_of(' ') + 1);
      return label;
    }
  }
  return std::string();
}

Found read_vfat(const Image& image) {
  std::array<uint8_t, 512> boot;
  if (!TRY(image.has(0, boot)) || load<uint16_t>(&boot[510]) != 0xaa55) return Identity{};
  if (boot[0] != 0xeb && boot[0] != 0xe9) return Identity{};
  const uint32_t sector_size = load<uint16_t>(&boot[11]);
  const uint32_t cluster_sectors = boot[13], reserved = load<uint16_t>(&boot[14]);
  const uint32_t fats = boot[16], root_entries = load<uint16_t>(&boot[17]), media = boot[21];
  const uint32_t fat_16 = load<uint16_t>(&boot[22]), fat_32 = load<uint32_t>(&boot[36]);
  const bool is_32 = fat_16 == 0;
  // Every partitioned disk starts with a jump and ends its first sector with the same magic:
  // the fields between must all make sense.
  if (!is_power_of_two(sector_size, 512, 4096) || !is_power_of_two(cluster_sectors, 1, 128) ||
      reserved == 0 || fats == 0 || fats > 4 || (media < 0xf8 && media != 0xf0) ||
      (is_32 ? fat_32 == 0 || root_entries != 0 : root_entries == 0))
    return Identity{};
  if (memcmp(&boot[is_32 ? 82 : 54], "FAT", 3) != 0) return Identity{};

  const uint64_t first_root_sector = reserved + uint64_t{fats} * (is_32 ? fat_32 : fat_16);
  FatLayout layout{.root_offset = first_root_sector * sector_size, .root_size = root_entries * 32};
  if (is_32) {  // the root directory is a cluster chain, whose first cluster holds the label
    const uint32_t cluster = load<uint32_t>(&boot[44]);
    if (cluster < 2) return Identity{};
    layout.root_size = cluster_sectors * sector_size;
    layout.root_offset += uint64_t{cluster - 2} * layout.root_size;
  }
  const uint8_t* serial = &boot[is_32 ? 67 : 39];
  char uuid[16];
  snprintf(uuid, sizeof uuid, "%02X%02X-%02X%02X", serial[3], serial[2], serial[1], serial[0]);
  return Identity{
      .type = "vfat", .is_mountable = true, .uuid = uuid, .label = TRY(fat_label(image, layout))};
}

}  // namespace

// What wraps a file system comes before it: a member of a RAID 1 whose metadata lie at its end, for
// one, looks like the file system, and must not be mounted behind the array's back.
Result<Identity> read_identity(const Image& image) {
  for (Found (*const probe)(const Image&) :
       {read_container, read_xfs, read_btrfs, read_ext4, read_vfat, read_other_signature}) {
    Identity identity = TRY(probe(image));
    if (!identity.type.empty()) return identity;
  }
  return Identity{};
}

std::string uuid_text(const uint8_t* bytes) {
  std::string text;
  for (int i = 0; i < 16; ++i) {
    char digits[4];
    snprintf(digits, sizeof digits, "%02x", bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits;
  }
  return text;
}

std::string lvm_uuid_text(const uint8_t* characters) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    const uint8_t c = characters[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return "";
    if (i == 6 || i == 10 || i == 14 || i == 18 || i == 22 || i == 26) text += '-';
    text += static_cast<char>(c);
  }
  return text;
}

std::string Identity::text() const {
  if (type.empty()) return "unknown data";
  std::string all = type;
  if (!uuid.empty()) all += " UUID=" + uuid;
  if (!label.empty()) all += " LABEL=" + printable(label);
  return all;
}

}  // namespace kdump
