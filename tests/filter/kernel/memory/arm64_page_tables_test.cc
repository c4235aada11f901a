// arm64's page tables in every geometry: pages, blocks, addresses of 52 bits, attributes, what may
// not be taken for a mapping; and the struct pages that are found through them.
#include <doctest/doctest.h>
#include <elf.h>
#include <unistd.h>

#include <cinttypes>

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/vmcore.h"
#include "filter/pages/plan.h"
#include "tests/fixtures/arm64_tables.h"

namespace kdump {
namespace {

constexpr uint64_t kRam = 0x4000'0000, kRamBytes = 48u << 20;
constexpr uint64_t kHighRam = 0x000b'4000'0000'0000;  // needs all of 52 bits
constexpr uint64_t kImage = 0xffff'ffff'c000'0000;    // where the image is: in every address size

// A crashed kernel that has page tables and nothing else.
struct Arm64Core {
  explicit Arm64Core(const Arm64Geometry& with, bool with_high_ram = true) : geometry(with) {
    image.add_load({kRam, kRamBytes, kRamBytes, linear(kRam)});
    if (with_high_ram && geometry.form != Arm64Geometry::Form::plain)
      image.add_load({kHighRam, 1u << 20, 1u << 20, linear(kHighRam)});
    image.set_kernel_data(kRam + (32u << 20));
    tables = std::make_unique<Arm64Tables>(image, geometry);
    tables->map(image_vaddr(tables->root_paddr()), tables->root_paddr(),
                geometry.levels.size() - 1);
  }
  // Sparse sections of 16 MiB, their struct pages in a vmemmap of single pages.
  void add_struct_pages() {
    constexpr uint64_t kSection = 16u << 20, kEntry = 32;
    const size_t last = geometry.levels.size() - 1;
    const uint64_t page = geometry.page_bytes, vmemmap = half() + (1ull << 34);
    const uint64_t first = kRam / page * 64, bytes = kRamBytes / page * 64;
    struct_pages = image.allocate(bytes, page);
    for (uint64_t i = 0; i < bytes / 64; ++i) put_field(i, 48, ~uint32_t{0});  // not mapped
    for (uint64_t at = 0; at < bytes; at += page)
      tables->map(vmemmap + first + at, struct_pages + at, last);
    const uint64_t roots = image.allocate(page, page);
    tables->map(image_vaddr(roots), roots, last);
    for (uint64_t section = kRam / kSection; section < (kRam + kRamBytes) / kSection; ++section) {
      const uint64_t root = roots + section / (page / kEntry) * 8;
      if (!image.get<uint64_t>(root)) {
        const uint64_t entries = image.allocate(page, page);
        tables->map(image_vaddr(entries), entries, last);
        image.put(root, image_vaddr(entries));
      }
      image.put(image.get<uint64_t>(root) - kImage + kRam + section % (page / kEntry) * kEntry,
                vmemmap | 0xf);
    }
    snprintf(section_keys, sizeof section_keys,
             "SYMBOL(mem_section)=%" PRIx64 "\nLENGTH(mem_section)=%" PRIu64 "\n",
             image_vaddr(roots), 4096 / (page / kEntry));
  }
  // Of the page frame that many after the first.
  template <class T>
  void put_field(uint64_t page, uint64_t offset, T value) {
    image.put(struct_pages + page * 64 + offset, value);
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
  uint64_t struct_pages = 0;
  char section_keys[128] = {};
};

const char* const kPageKeys =
    "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page.compound_head)=8\nOFFSET(page.mapping)=24\n"
    "OFFSET(page.private)=40\nOFFSET(page._mapcount)=48\nOFFSET(page._refcount)=52\n"
    "OFFSET(page.lru)=8\nLENGTH(zone.free_area)=14\nOFFSET(mem_section.section_mem_map)=0\n"
    "SIZE(mem_section)=32\nNUMBER(SECTION_SIZE_BITS)=24\nNUMBER(MAX_PHYSMEM_BITS)=36\n"
    "NUMBER(PG_lru)=5\nNUMBER(PG_head_mask)=64\nNUMBER(PG_private)=14\nNUMBER(PG_swapcache)=11\n"
    "NUMBER(PG_swapbacked)=18\nNUMBER(PG_hwpoison)=22\n"
    "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\nNUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n"
    "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\nNUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n";

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
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
  for (const char* line :
       {"NUMBER(VA_BITS)=64", "NUMBER(VA_BITS)=-1", "NUMBER(TCR_EL1_T1SZ)=0x0",
        "NUMBER(TCR_EL1_T1SZ)=0x30", "NUMBER(kimage_voffset)=0x0", "NUMBER(kimage_voffset)=-1",
        "SYMBOL(swapper_pg_dir)=ffff800080000000", "SYMBOL(swapper_pg_dir)=0", "PAGESIZE=65536"}) {
    CAPTURE(line);
    const auto vmcore = core.open(std::string(line) + "\n" + core.keys());
    CHECK_FALSE(vmcore->address_space().page_tables());
    CHECK(all_warnings(*vmcore).find("no page tables: ") != std::string::npos);
    CHECK(vmcore->address_space().read<uint64_t>({core.linear(kRam + 4096)}) == 42);
  }
}

TEST_CASE("arm64: struct pages tell what each page is, whatever the size of pages") {
  for (const Arm64Geometry& geometry : arm64_geometries()) {
    CAPTURE(geometry.name);
    Arm64Core core(geometry, false);
    core.add_struct_pages();
    core.put_field(256, 48, uint32_t{0xf0000000});  // free, order 4
    core.put_field(256, 40, uint64_t{4});
    core.put_field(300, 24, core.half() + 0x1001);  // anonymous
    core.put_field(301, 0, uint64_t{1u << 5});      // page cache
    core.put_field(301, 24, core.half() + 0x2000);
    const uint64_t marked = kRam + 7 * geometry.page_bytes;
    core.image.put(marked, uint64_t{1});
    core.image.put(marked + geometry.page_bytes - 8, uint64_t{2});
    const auto vmcore = core.open(core.keys() + kPageKeys + core.section_keys);
    REQUIRE_MESSAGE(vmcore->mem_map(), all_warnings(*vmcore));
    Silent progress;
    PageSelection selection(*vmcore, kMaxLevel);
    const auto plan = make_plan(*vmcore, progress, &selection);
    REQUIRE(plan);
    const auto count = [&](PageClass c) { return plan->pages_by_class[static_cast<size_t>(c)]; };
    const uint64_t pages = kRamBytes / geometry.page_bytes;
    CHECK(count(PageClass::free) == 16);
    CHECK(count(PageClass::user) == 1);
    CHECK(count(PageClass::cache) == 1);
    CHECK(count(PageClass::other) == pages - 18);
    std::vector<uint8_t> bytes(geometry.page_bytes), readable(1);
    selection.read_pages({marked / geometry.page_bytes}, bytes, readable);
    CHECK(readable[0]);
    CHECK(load<uint64_t>(bytes.data()) == 1);
    CHECK(load<uint64_t>(bytes.data() + bytes.size() - 8) == 2);
  }
}

}  // namespace kdump
