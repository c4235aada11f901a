// arm64's page tables in every geometry: pages, blocks, addresses of 52 bits, attributes, and
// what may not be taken for a mapping.
#include <doctest/doctest.h>
#include <elf.h>
#include <unistd.h>

#include <cinttypes>

#include "filter/kernel/address_space.h"
#include "filter/vmcore/vmcore.h"
#include "tests/fixtures/arm64_tables.h"

namespace kdump {
namespace {

constexpr uint64_t kRam = 0x4000'0000, kRamBytes = 64u << 20;
constexpr uint64_t kHighRam = 0x000b'4000'0000'0000;  // needs all of 52 bits
constexpr uint64_t kImage = 0xffff'ffff'c000'0000;    // where the image is: in every address size

// A crashed kernel that has page tables and nothing else.
struct Arm64Core {
  explicit Arm64Core(const Arm64Geometry& with) : geometry(with) {
    image.add_load({kRam, kRamBytes, kRamBytes, linear(kRam)});
    if (geometry.form != Arm64Geometry::Form::plain)
      image.add_load({kHighRam, 1u << 20, 1u << 20, linear(kHighRam)});
    image.set_kernel_data(kRam + (32u << 20));
    tables = std::make_unique<Arm64Tables>(image, geometry);
    tables->map(image_vaddr(tables->root_paddr()), tables->root_paddr(),
                geometry.levels.size() - 1);
  }
  ~Arm64Core() {
    if (!path.empty()) unlink(path.c_str());
  }

  // The lowest address of the kernel's half, where its linear map begins.
  uint64_t half() const { return ~uint64_t{0} << geometry.va_bits; }
  uint64_t linear(uint64_t paddr) const { return half() + (paddr - kRam); }
  static uint64_t image_vaddr(uint64_t paddr) { return kImage + (paddr - kRam); }

  std::string keys() const {
    char text[256];
    snprintf(text, sizeof text,
             "PAGESIZE=%" PRIu64
             "\nNUMBER(VA_BITS)=%u\nNUMBER(TCR_EL1_T1SZ)=0x%x\n"
             "NUMBER(kimage_voffset)=0x%" PRIx64 "\nSYMBOL(swapper_pg_dir)=%" PRIx64 "\n",
             geometry.page_bytes, geometry.config_va_bits, 64 - geometry.va_bits, kImage - kRam,
             image_vaddr(tables->root_paddr()));
    return text;
  }

  std::unique_ptr<Vmcore> open(const std::string& with_keys) {
    image.set_notes({CoreImage::Cpu{}}, with_keys);
    if (path.empty()) {
      char name[] = "/tmp/kdump-arm64-core-XXXXXX";
      const int fd = mkstemp(name);
      REQUIRE(fd >= 0);
      close(fd);
      path = name;
    }
    image.write_elf(path, {.machine = EM_AARCH64});
    auto opened = Vmcore::open(real_sys(), path.c_str());
    REQUIRE(opened);
    return *std::move(opened);
  }
  std::unique_ptr<Vmcore> open() { return open(keys()); }

  const Arm64Geometry& geometry;
  CoreImage image;
  std::unique_ptr<Arm64Tables> tables;
  std::string path;
};

void check_leaf(AddressSpace& space, uint64_t vaddr, uint64_t paddr, uint64_t leaf_bytes) {
  const uint64_t into = leaf_bytes - 0x123;
  const auto found = space.translate({vaddr + into});
  REQUIRE_MESSAGE(found, found.error().text);
  CHECK(found->paddr.value == paddr + into);
  CHECK(found->bytes == 0x123);
}

std::string without(std::string keys, const char* key) {
  const size_t at = keys.find(key);
  REQUIRE(at != std::string::npos);
  return keys.erase(at, keys.find('\n', at) + 1 - at);
}

std::string all_warnings(const Vmcore& vmcore) {
  std::string out;
  for (const std::string& warning : vmcore.warnings()) out += warning + "\n";
  return out;
}

}  // namespace

TEST_CASE("arm64: every geometry translates pages and each size of block") {
  for (const Arm64Geometry& geometry : arm64_geometries()) {
    CAPTURE(geometry.name);
    Arm64Core core(geometry);
    const bool wide = geometry.form != Arm64Geometry::Form::plain;
    uint64_t vaddr[8], paddr[8];
    for (size_t level = 0; level < geometry.levels.size(); ++level) {
      const auto& row = geometry.levels[level];
      const bool page = level + 1 == geometry.levels.size();
      if (!row.has_blocks && !page) continue;
      // The second leaf of its kind in the half, and the last in it that the image leaves free.
      vaddr[level] = core.half() + (1ull << row.shift);
      paddr[level] = (wide ? 0x000f'ffff'ffff'ffff : 0x0000'ffff'ffff'ffff) >> row.shift
                                                                                   << row.shift;
      core.tables->map(vaddr[level], paddr[level], level);
    }
    const auto vmcore = core.open();
    REQUIRE_MESSAGE(vmcore->address_space().page_tables(), all_warnings(*vmcore));
    for (size_t level = 0; level < geometry.levels.size(); ++level) {
      CAPTURE(level);
      const auto& row = geometry.levels[level];
      const bool page = level + 1 == geometry.levels.size();
      if (row.has_blocks || page)
        check_leaf(vmcore->address_space(), vaddr[level], paddr[level], 1ull << row.shift);
    }
    CHECK_FALSE(vmcore->address_space().translate({0}));
    CHECK_FALSE(vmcore->address_space().translate({~core.half()}));
    CHECK_FALSE(vmcore->address_space().translate({core.half() - 1}));
  }
}

TEST_CASE("arm64: tables and pages beyond 48 bits of physical address are reached") {
  for (const Arm64Geometry& geometry : arm64_geometries()) {
    if (geometry.form == Arm64Geometry::Form::plain) continue;
    CAPTURE(geometry.name);
    Arm64Core core(geometry);
    const uint64_t vaddr = ~uint64_t{0} << (geometry.va_bits - 1), page = kHighRam + (512u << 10);
    core.tables->map(vaddr, page, geometry.levels.size() - 1, kHighRam);
    core.image.put(page + 24, uint64_t{0x1122334455667788});
    const auto vmcore = core.open();
    const auto value = vmcore->address_space().read<uint64_t>({vaddr + 24});
    REQUIRE_MESSAGE(value, value.error().text);
    CHECK(*value == 0x1122334455667788);
  }
}

TEST_CASE("arm64: an address with a tag in its top byte is the same address") {
  for (const Arm64Geometry& geometry : arm64_geometries()) {
    CAPTURE(geometry.name);
    Arm64Core core(geometry);
    const auto vmcore = core.open();
    const uint64_t root = Arm64Core::image_vaddr(core.tables->root_paddr());
    const auto found =
        vmcore->address_space().translate({(root & ~(0xffull << 56)) | 0xf3ull << 56});
    REQUIRE(found);
    CHECK(found->paddr.value == core.tables->root_paddr());
  }
}

TEST_CASE("arm64: what is no valid leaf of its level is not mapped") {
  for (const Arm64Geometry& geometry : arm64_geometries()) {
    CAPTURE(geometry.name);
    Arm64Core core(geometry);
    const size_t last = geometry.levels.size() - 1;
    // Far from the linear map's PT_LOADs, so that these do not answer.
    const uint64_t base = ~uint64_t{0} << (geometry.va_bits - 1);
    core.tables->map(base, kRam, last);
    core.tables->map(base + geometry.page_bytes, kRam, last);
    const uint64_t cleared = core.tables->entry_paddr(base, last);
    core.image.put(cleared, core.image.get<uint64_t>(cleared) & ~uint64_t{1});
    const uint64_t reserved = core.tables->entry_paddr(base + geometry.page_bytes, last);
    core.image.put(reserved, core.image.get<uint64_t>(reserved) & ~uint64_t{2});
    // A block where the architecture has none.
    const uint64_t other = base + (1ull << geometry.levels[0].shift);
    if (!geometry.levels[0].has_blocks) core.tables->map(other, 0, 0);
    const auto vmcore = core.open();
    CHECK_FALSE(vmcore->address_space().translate({base}));
    CHECK_FALSE(vmcore->address_space().translate({base + geometry.page_bytes}));
    CHECK_FALSE(vmcore->address_space().translate({other}));
  }
}

TEST_CASE("arm64: without TCR_EL1_T1SZ the number of address bits is tried") {
  for (const Arm64Geometry& geometry : arm64_geometries()) {
    CAPTURE(geometry.name);
    Arm64Core core(geometry);
    const auto vmcore = core.open(without(core.keys(), "NUMBER(TCR_EL1_T1SZ)"));
    CHECK_MESSAGE(vmcore->address_space().page_tables(), all_warnings(*vmcore));
  }
}

TEST_CASE("arm64: a key that is missing or cannot be is named, and PT_LOADs translate") {
  Arm64Core core(arm64_geometries()[1]);
  core.image.put(kRam + 4096, uint64_t{42});
  for (const char* key : {"SYMBOL(swapper_pg_dir)", "NUMBER(kimage_voffset)", "NUMBER(VA_BITS)"}) {
    CAPTURE(key);
    const auto vmcore = core.open(without(core.keys(), key));
    CHECK_FALSE(vmcore->address_space().page_tables());
    CHECK(all_warnings(*vmcore).find(std::string("no page tables: vmcoreinfo lacks ") + key) !=
          std::string::npos);
    CHECK(vmcore->address_space().read<uint64_t>({core.linear(kRam + 4096)}) == 42);
  }
  for (const char* line : {"NUMBER(VA_BITS)=64", "NUMBER(VA_BITS)=-1", "NUMBER(TCR_EL1_T1SZ)=0x0",
                           "NUMBER(TCR_EL1_T1SZ)=0x30", "NUMBER(kimage_voffset)=0x0",
                           "NUMBER(kimage_voffset)=-1", "SYMBOL(swapper_pg_dir)=ffff800080000000",
                           "SYMBOL(swapper_pg_dir)=0", "PAGESIZE=8192", "PAGESIZE=65536"}) {
    CAPTURE(line);
    const auto vmcore = core.open(std::string(line) + "\n" + core.keys());
    CHECK_FALSE(vmcore->address_space().page_tables());
    CHECK(all_warnings(*vmcore).find("no page tables: ") != std::string::npos);
    CHECK(vmcore->address_space().read<uint64_t>({core.linear(kRam + 4096)}) == 42);
  }
}

}  // namespace kdump
