// Identities are read from images that the real tools make; hostile bytes come from flipping those.
#include "targets/storage/identity.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>

#include "filter/base/file.h"
#include "targets/storage/file_image.h"
#include "targets/storage/partition_table.h"

using namespace kdump;

namespace {

constexpr char kUuid[] = "3b1c7d5e-0f2a-4c9b-8e6d-123456789abc";

class MemoryImage final : public Image {
 public:
  MemoryImage(std::vector<uint8_t> content, uint64_t size)
      : bytes(std::move(content)), size_(size) {}
  uint64_t size() const override { return size_; }
  Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const override {
    if (offset >= bytes.size()) return size_t{0};
    const size_t count = std::min<uint64_t>(out.size(), bytes.size() - offset);
    std::copy_n(bytes.begin() + offset, count, out.begin());
    return count;
  }
  std::vector<uint8_t> bytes;

 private:
  uint64_t size_;
};

// A sparse file that a command has made something of. The commands come with scripts/test.
class MadeImage {
 public:
  MadeImage(uint64_t size, const std::string& command) {
    char name[] = "/tmp/kdump-identity.XXXXXX";
    const int fd = mkstemp(name);
    path_ = name;
    REQUIRE(ftruncate(fd, static_cast<off_t>(size)) == 0);
    close(fd);
    std::string filled = "PATH=$PATH:/usr/sbin:/sbin; { " + command + "; } >/dev/null 2>&1";
    for (size_t at; (at = filled.find('@')) != std::string::npos;) filled.replace(at, 1, path_);
    CAPTURE(command);
    REQUIRE(system(filled.c_str()) == 0);
    file_ = std::make_unique<File>(*File::open(real_sys(), path_, O_RDWR));
    size_ = size;
  }
  ~MadeImage() { unlink(path_.c_str()); }

  FileImage image() const { return FileImage(*file_, size_); }
  File& file() { return *file_; }
  // The first bytes only, for flipping, with the size of the whole.
  MemoryImage head(size_t bytes) const {
    std::vector<uint8_t> content(std::min<uint64_t>(bytes, size_));
    REQUIRE(file_->read_at(0, content));
    return MemoryImage(std::move(content), size_);
  }

 private:
  std::string path_;
  std::unique_ptr<File> file_;
  uint64_t size_ = 0;
};

MadeImage make_ext4() {
  return {2 << 20, std::string("mkfs.ext4 -q -F -U ") + kUuid + " -L 'my label' @"};
}
MadeImage make_xfs() {
  return {300 << 20, std::string("mkfs.xfs -q -m uuid=") + kUuid + " -L xfslabel12ch @"};
}
MadeImage make_btrfs() {
  return {128 << 20, std::string("mkfs.btrfs -q -U ") + kUuid + " -L 'a btrfs' @"};
}
MadeImage make_vfat(int bits) {
  return {bits == 32 ? 64u << 20 : 16u << 20,
          "mkfs.vfat -F " + std::to_string(bits) + " -i 1a2b3c4d -n 'EFI SYS' @"};
}
MadeImage make_gpt() {
  return {4 << 20,
          "printf 'label: gpt\\nstart=64, size=1000, uuid=AABBCCDD-1122-3344-5566-778899aabbcc, "
          "name=\"dump ä\"\\nsize=1000\\n' | sfdisk @"};
}
MadeImage make_mbr() {
  return {4 << 20,
          "printf 'label: dos\\nlabel-id: 0xdeadbeef\\nstart=64, size=1000\\n' | sfdisk @"};
}

void check_identity(const MadeImage& made, const char* type, const char* uuid, const char* label) {
  const auto identity = read_identity(made.image());
  REQUIRE(identity);
  CHECK(identity->type == type);
  CHECK(identity->is_mountable);
  CHECK(identity->uuid == uuid);
  CHECK(identity->label == label);
}

}  // namespace

TEST_CASE("file systems made by their own tools are known by type, UUID and label") {
  check_identity(make_ext4(), "ext4", kUuid, "my label");
  check_identity(make_xfs(), "xfs", kUuid, "xfslabel12ch");
  check_identity(make_btrfs(), "btrfs", kUuid, "a btrfs");
  for (const int bits : {12, 16, 32}) {
    CAPTURE(bits);
    check_identity(make_vfat(bits), "vfat", "1A2B-3C4D", "EFI SYS");
  }
}

TEST_CASE("ext2 and ext3 are mounted by the ext4 driver") {
  check_identity({2 << 20, std::string("mke2fs -q -F -t ext2 -U ") + kUuid + " @"}, "ext4", kUuid,
                 "");
  check_identity({4 << 20, std::string("mke2fs -q -F -t ext3 -U ") + kUuid + " @"}, "ext4", kUuid,
                 "");
}

TEST_CASE("an ext4 journal device is no file system") {
  const MadeImage made(4 << 20, "mke2fs -q -F -O journal_dev @");
  const auto identity = read_identity(made.image());
  REQUIRE(identity);
  CHECK(identity->type == "jbd");
  CHECK(!identity->is_mountable);
}

TEST_CASE("swap is known and never mountable") {
  const MadeImage made(1 << 20, std::string("mkswap -U ") + kUuid + " -L pages @");
  const auto identity = read_identity(made.image());
  REQUIRE(identity);
  CHECK(identity->type == "swap");
  CHECK(identity->uuid == kUuid);
  CHECK(identity->label == "pages");
  CHECK(!identity->is_mountable);
}

TEST_CASE("a RAID member is not taken for the file system that its first bytes show") {
  MadeImage made = make_ext4();
  const uint8_t magic[] = {0xfc, 0x4e, 0x2b, 0xa9};
  for (const uint64_t offset : {(2u << 20) - 65536, (2u << 20) - 8192}) {  // version 0.90, 1.0
    REQUIRE(made.file().write_at(offset, magic));
    const auto identity = read_identity(made.image());
    REQUIRE(identity);
    CHECK(identity->type == "linux_raid_member");
    REQUIRE(made.file().write_at(offset, std::vector<uint8_t>(4)));
  }
}

TEST_CASE("what is not to be overwritten is recognised") {
  struct Row {
    const char* type;
    uint64_t offset;
    std::string magic;
  };
  using std::string_literals::operator""s;
  for (const Row& row : {Row{"crypto_LUKS", 0, "LUKS\xba\xbe"}, Row{"LVM2_member", 536, "LVM2 001"},
                         Row{"ntfs", 3, "NTFS    "}, Row{"exfat", 3, "EXFAT   "},
                         Row{"f2fs", 1024, "\x10\x20\xf5\xf2"}, Row{"iso9660", 32769, "CD001"},
                         Row{"zfs_member", 16408, "version\0"s}, Row{"kdump dump", 0, "KDUMP   "},
                         Row{"gpt", (1 << 20) - 512, "EFI PART"}}) {
    MemoryImage image(std::vector<uint8_t>(1 << 20), 1 << 20);
    std::copy(row.magic.begin(), row.magic.end(), image.bytes.begin() + row.offset);
    const auto identity = read_identity(image);
    REQUIRE(identity);
    CHECK(identity->type == row.type);
    CHECK(!identity->is_mountable);
  }
}

TEST_CASE("zeros, nothing at all, and noise have no identity") {
  for (const uint64_t size : {0u, 1u, 511u, 4096u, 1u << 20}) {
    const auto identity = read_identity(MemoryImage(std::vector<uint8_t>(size), size));
    REQUIRE(identity);
    CHECK(identity->type == "");
    CHECK(identity->text() == "unknown data");
  }
}

TEST_CASE("partitions get their PARTUUID and PARTLABEL from GPT and MBR") {
  const MadeImage gpt = make_gpt(), mbr = make_mbr();
  const auto first = read_partition_identity(gpt.image(), 1, 512);
  REQUIRE(first);
  CHECK(first->uuid == "aabbccdd-1122-3344-5566-778899aabbcc");
  CHECK(first->label == "dump ä");
  const auto second = read_partition_identity(gpt.image(), 2, 512);
  REQUIRE(second);
  CHECK(second->uuid.size() == 36);
  CHECK(second->label == "");
  CHECK(read_partition_identity(mbr.image(), 1, 512)->uuid == "deadbeef-01");
  CHECK(read_partition_identity(mbr.image(), 15, 512)->uuid == "deadbeef-0f");
  CHECK(read_identity(gpt.image())->type == "gpt");
  CHECK(read_identity(mbr.image())->type == "dos partition table");
}

TEST_CASE("flipped bytes change what is read, never more than that") {
  const MadeImage made[] = {make_ext4(),   make_xfs(), make_btrfs(), make_vfat(16),
                            make_vfat(32), make_gpt(), make_mbr()};
  for (size_t which = 0; which < std::size(made); ++which) {
    const MemoryImage whole = made[which].head(72 * 1024);
    for (uint32_t seed = 0; seed < 2000; ++seed) {
      CAPTURE(which);
      CAPTURE(seed);
      std::mt19937 random(seed);
      MemoryImage image = whole;
      // Superblocks lie in few places; most flips should hit one of them.
      constexpr size_t kPlaces[] = {0, 512, 1024, 65536};
      for (int flips = 0; flips < 8; ++flips) {
        const size_t at = kPlaces[random() % 4] + random() % 512;
        image.bytes[at] = static_cast<uint8_t>(random());
      }
      if (seed % 4 == 0) image.bytes.resize(random() % image.bytes.size());
      const auto identity = read_identity(image);
      REQUIRE(identity);
      CHECK(identity->label.size() <= 256);
      CHECK(read_partition_identity(image, static_cast<uint32_t>(random() % 200),
                                    seed % 2 ? 512 : 4096));
    }
  }
}
