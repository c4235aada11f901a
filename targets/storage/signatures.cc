#include "targets/storage/signatures.h"

#include <array>
#include <string_view>

#include "filter/base/text.h"

namespace kdump {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  const char* type;  // blkid(8)'s name
  // Bytes from the start; negative: from the end, which is first rounded down to 512.
  int64_t offset;
  std::string_view magic;
};

// md's version 1 superblock: magic a92b4efc, little-endian. 1.0 and 0.90 lie near the end.
constexpr std::string_view kMdMagic = "\xfc\x4e\x2b\xa9"sv;
constexpr std::string_view kLuksMagic = "LUKS\xba\xbe"sv, kLvmMagic = "LVM2 001"sv;

constexpr Signature kContainers[] = {
    {"crypto_LUKS", 0, kLuksMagic},
    {"crypto_LUKS", 16384, "SKUL\xba\xbe"sv},  // LUKS2's second header, the first one gone
    {"LVM2_member", 24, kLvmMagic},            // of the label, which is in any of four sectors
    {"LVM2_member", 512 + 24, kLvmMagic},
    {"LVM2_member", 1024 + 24, kLvmMagic},
    {"LVM2_member", 1536 + 24, kLvmMagic},
    {"linux_raid_member", 0, kMdMagic},     // 1.1
    {"linux_raid_member", 4096, kMdMagic},  // 1.2
    {"isw_raid_member", -1024, "Intel Raid ISM Cfg Sig. "sv},
    {"ddf_raid_member", -512, "\xde\x11\xde\x11"sv},
    {"bcache", 4096 + 24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"sv},
    {"BitLocker", 3, "-FVE-FS-"sv},
    {"stratis", 512 + 4, "!Stra0tis\x86\xff\x02^\x41rh"sv},
    {"vdo", 0, "dmvdo001"sv},
    {"ceph_bluestore", 0, "bluestore block device"sv},
    {"zfs_member", 16384 + 24, "version\0"sv},   // the first pair of label 0's list
    {"zfs_member", 278528 + 24, "version\0"sv},  // and of label 1's
    {"VMFS_volume_member", 1 << 20, "\x0d\xd0\x01\xc0"sv},
};

constexpr Signature kOthers[] = {
    {"ntfs", 3, "NTFS    "sv},
    {"exfat", 3, "EXFAT   "sv},
    {"ReFS", 3, "ReFS\0\0\0\0"sv},
    {"f2fs", 1024, "\x10\x20\xf5\xf2"sv},
    {"erofs", 1024, "\xe2\xe1\xf5\xe0"sv},
    {"squashfs", 0, "hsqs"sv},
    {"iso9660", 32769, "CD001"sv},
    {"udf", 32769, "BEA01"sv},
    {"bcachefs", 4096 + 24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"sv},
    {"jfs", 32768, "JFS1"sv},
    {"reiserfs", 65536 + 52, "ReIsEr"sv},
    {"reiserfs", 8192 + 52, "ReIsEr"sv},
    {"nilfs2", 1024 + 6, "\x34\x34"sv},
    {"gfs2", 65536, "\x01\x16\x19\x70"sv},
    {"ocfs2", 4096, "OCFSV2"sv},
    {"hfsplus", 1024, "H+\0\x04"sv},
    {"hfsplus", 1024, "HX\0\x05"sv},
    {"apfs", 32, "NXSB"sv},
    {"minix", 1024 + 16, "\x7f\x13"sv},
    {"minix", 1024 + 16, "\x8f\x13"sv},
    {"minix", 1024 + 16, "\x68\x24"sv},
    {"minix", 1024 + 16, "\x78\x24"sv},
    {"minix", 1024 + 24, "\x5a\x4d"sv},
    {"cramfs", 0, "\x45\x3d\xcd\x28"sv},
    {"kdump dump", 0, "KDUMP   "sv},
    {"diskdump dump", 0, "DISKDUMP"sv},
    {"flattened dump", 0, "makedumpfile"sv},
    {"ELF file", 0, "\177ELF"sv},
    {"gpt", 512, "EFI PART"sv},
    {"gpt", 4096, "EFI PART"sv},
    {"gpt", -512, "EFI PART"sv},  // the spare header: the first one was overwritten
    {"dos partition table", 510, "\x55\xaa"sv},
};

Result<bool> is_there(const Image& image, const Signature& signature) {
  const auto back = static_cast<uint64_t>(-signature.offset);
  uint64_t offset = static_cast<uint64_t>(signature.offset);
  if (signature.offset < 0) {
    const uint64_t end = image.size() & ~uint64_t{511};
    if (end < back) return false;
    offset = end - back;
  }
  std::array<uint8_t, 32> bytes;
  const MutableBytes found = MutableBytes(bytes).first(signature.magic.size());
  return TRY(image.has(offset, found)) &&
         memcmp(found.data(), signature.magic.data(), found.size()) == 0;
}

// The UUIDs of those that a target may lie on (storage_stack.h), as blkid(8) prints them; "" where
// the device ends before, or it is none.
Result<std::string> container_uuid(const Image& image, const Signature& found) {
  std::array<uint8_t, 40> bytes;
  const auto at = static_cast<uint64_t>(found.offset);
  if (found.magic == kMdMagic)
    return TRY(image.has(at + 16, std::span(bytes).first(16))) ? uuid_text(&bytes[0]) : "";
  if (found.magic == kLvmMagic)  // 24 bytes into the label, which has 32 before its UUID
    return TRY(image.has(at + 8, std::span(bytes).first(32))) ? lvm_uuid_text(&bytes[0]) : "";
  if (found.magic != kLuksMagic || !TRY(image.has(168, bytes))) return "";
  const auto* text = reinterpret_cast<const char*>(&bytes[0]);
  return printable(std::string(text, strnlen(text, bytes.size())));
}

Result<Identity> first_of(const Image& image, std::span<const Signature> signatures) {
  for (const Signature& signature : signatures)
    if (TRY(is_there(image, signature)))
      return Identity{.type = signature.type, .uuid = TRY(container_uuid(image, signature))};
  return Identity{};
}

// md's version 0.90 lies in the last whole 64 KiB, 1.0 at least 8 KiB before the end, 4 KiB aligned
// (drivers/md/md.c: calc_dev_sboffset, super_1_load).
Result<Identity> read_md_at_end(const Image& image) {
  const uint64_t size = image.size();
  if (size < 128 * 1024) return Identity{};
  const uint64_t v0_90 = (size & ~uint64_t{65535}) - 65536;
  const uint64_t v1_0 = ((size / 512 - 16) & ~uint64_t{7}) * 512;
  const Signature signatures[] = {{"linux_raid_member", static_cast<int64_t>(v1_0), kMdMagic},
                                  {"linux_raid_member", static_cast<int64_t>(v0_90), kMdMagic}};
  Identity identity = TRY(first_of(image, signatures));
  // What 0.90 has there is no UUID.
  if (v0_90 != v1_0 && !TRY(is_there(image, signatures[0]))) identity.uuid.clear();
  return identity;
}

// The signature ends the first page, whose size is the machine's that made it.
Result<Identity> read_swap(const Image& image) {
  for (int64_t page = 4096; page <= 65536; page *= 2)
    for (const std::string_view magic : {"SWAPSPACE2"sv, "SWAP-SPACE"sv, "S1SUSPEND\0"sv,
                                         "S2SUSPEND\0"sv, "ULSUSPEND\0"sv, "LINHIB0001"sv}) {
      if (!TRY(is_there(image, {"", page - 10, magic}))) continue;
      std::array<uint8_t, 32> names;  // UUID and label
      Identity swap{.type = "swap"};
      if (TRY(image.has(1036, names))) {
        swap.uuid = uuid_text(&names[0]);
        const auto* label = reinterpret_cast<const char*>(&names[16]);
        swap.label.assign(label, strnlen(label, 16));
      }
      return swap;
    }
  return Identity{};
}

}  // namespace

Result<Identity> read_container(const Image& image) {
  Identity identity = TRY(read_md_at_end(image));
  if (identity.type.empty()) identity = TRY(first_of(image, kContainers));
  if (!identity.type.empty()) return identity;
  return read_swap(image);
}

Result<Identity> read_other_signature(const Image& image) { return first_of(image, kOthers); }

}  // namespace kdump
