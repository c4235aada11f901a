// arm64's page tables, hostile, in every geometry.
#include <elf.h>
#include <unistd.h>

#include <cinttypes>

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/memory/page_table_pages.h"
#include "tests/fixtures/arm64_tables.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/patched_core.h"

namespace kdump {
namespace {

constexpr uint64_t kRam = 0x4000'0000, kRamBytes = 8u << 20;
constexpr uint64_t kImage = 0xffff'ffff'c000'0000;  // in the kernel's half of every geometry

// A crashed kernel that has page tables, and nothing behind them.
struct Arm64Core {
  explicit Arm64Core(const Arm64Geometry& geometry) {
    const uint64_t half = ~uint64_t{0} << geometry.va_bits;
    CoreImage image;
    image.add_load({kRam, kRamBytes, kRamBytes, half});
    image.set_kernel_data(kRam);
    Arm64Tables tables(image, geometry);
    const size_t last = geometry.levels.size() - 1;
    for (uint64_t at = 0; at < 4 * geometry.page_bytes; at += geometry.page_bytes)
      tables.map(kImage + at, kRam + at, last);
    for (size_t level = 0; level < last; ++level)
      if (geometry.levels[level].has_blocks)
        tables.map(half + (1ull << geometry.levels[level].shift), 0, level);
    addresses = {kImage, kImage + 0x1234, half + (3ull << geometry.levels[last - 1].shift) / 2,
                 half,   ~0ull,           0};
    char keys[512];
    snprintf(keys, sizeof keys,
             "PAGESIZE=%" PRIu64
             "\nNUMBER(VA_BITS)=%u\nNUMBER(TCR_EL1_T1SZ)=0x%x\n"
             "NUMBER(kimage_voffset)=0x%" PRIx64 "\nSYMBOL(swapper_pg_dir)=%" PRIx64 "\n",
             geometry.page_bytes, geometry.config_va_bits, 64 - geometry.va_bits, kImage - kRam,
             kImage + tables.root_paddr() - kRam);
    image.set_notes({{}}, keys);
    char name[] = "/tmp/kdump-arm64-fuzz-XXXXXX";
    const int fd = mkstemp(name);
    promised(fd >= 0, "there is room for a core");
    ::close(fd);
    image.write_elf(name, {.machine = EM_AARCH64});
    const uint64_t end = image.allocate(8);
    core = std::make_unique<PatchedCore>(
        name, std::vector<PatchedCore::Region>{{image.file_offset(kRam, {}), end - kRam}});
    path = name;
  }
  ~Arm64Core() { unlink(path.c_str()); }

  std::string path;
  std::unique_ptr<PatchedCore> core;
  std::vector<uint64_t> addresses;
};

}  // namespace

void fuzz_arm64_page_tables(Bytes input) {
  static const auto& cores = *[] {
    auto* made = new std::vector<std::unique_ptr<Arm64Core>>;
    for (const Arm64Geometry& geometry : arm64_geometries())
      made->push_back(std::make_unique<Arm64Core>(geometry));
    return made;
  }();
  Pieces pieces(input);
  const Arm64Core& core = *cores[pieces.byte() % cores.size()];
  const uint64_t anywhere = pieces.number<uint64_t>();
  core.core->patch(pieces.rest());
  if (const auto vmcore = Vmcore::open(real_sys(), core.path.c_str()); vmcore) {
    AddressSpace& space = (*vmcore)->address_space();
    for (const uint64_t address : core.addresses) (void)space.read<uint64_t>({address});
    (void)space.read<uint64_t>({anywhere});
    PageRanges tables;
    if (space.page_tables())
      (void)add_page_tables(*space.page_tables(), (*vmcore)->memory(), tables);
  }
  core.core->restore();
}

}  // namespace kdump
