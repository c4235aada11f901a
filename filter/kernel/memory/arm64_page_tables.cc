#include "filter/kernel/memory/arm64_page_tables.h"

#include <algorithm>
#include <bit>

namespace kdump {
namespace {

// Of a descriptor: bit 1 makes it a table above the last level and a page on it; without the bit it
// is a block above the last level and nothing on it.
constexpr uint64_t kValid = 1u << 0, kTableOrPage = 1u << 1;

// Everything between these and the flags in the low and high bits is the output address. Bits 48
// and 49 belong to it where descriptors have the form of LPA2, and are zero otherwise.
constexpr unsigned kAddressEnd = 48, kLpa2AddressEnd = 50;

// A top byte may hold a tag; bit 55 then says which half of the address space is meant.
constexpr unsigned kTagBits = 8;

constexpr unsigned kMinVaBits = 36, kMaxVaBits = 52;
constexpr unsigned kShift4K = 12, kShift16K = 14, kShift64K = 16;

constexpr uint64_t bits(unsigned end, unsigned begin) { return (1ull << end) - (1ull << begin); }

// How the tables are laid out.
struct Geometry {
  unsigned page_shift;
  unsigned va_bits;         // of the kernel's half, as set in the CPU
  unsigned config_va_bits;  // as the kernel was built for: at least va_bits
  unsigned bits_per_level() const { return page_shift - 3; }
  unsigned levels() const {
    return (va_bits - page_shift + bits_per_level() - 1) / bits_per_level();
  }
  unsigned shift(unsigned level) const { return page_shift + bits_per_level() * (level - 1); }
  // A kernel of 64 KiB pages built for 52 bits that runs with 48 keeps its large root table, of
  // which the last entries are in use: indexed by all bits that the kernel was built for.
  unsigned index_bits(unsigned level) const {
    return level == levels() ? std::min(bits_per_level(), config_va_bits - shift(level))
                             : bits_per_level();
  }
  // Tables of 4 and 16 KiB have this form exactly where addresses have 52 bits.
  bool lpa2() const { return page_shift != kShift64K && va_bits > 48; }
  // The highest level that may have blocks: of 512 GiB with LPA2, 1 GiB without; of 64 GiB and
  // 32 MiB; of 4 TiB.
  unsigned highest_block() const {
    return page_shift == kShift4K ? 3 + lpa2() : page_shift == kShift16K ? 2 + lpa2() : 3;
  }
};

class Arm64PageTables final : public PageTables {
 public:
  Arm64PageTables(PhysMemory& memory, uint64_t root, const Geometry& geometry)
      : memory_(memory), root_(root), geometry_(geometry) {}

  Result<Translation> walk(Vaddr at) override {
    const auto untagged =
        static_cast<uint64_t>(static_cast<int64_t>(at.value << kTagBits) >> kTagBits);
    if (~untagged >> geometry_.va_bits)
      return fail(Kind::corrupt, "virtual address %#" PRIx64 " is not a kernel address", at.value);
    uint64_t table = root_;
    for (unsigned level = geometry_.levels(); level > 0; --level) {
      const unsigned shift = geometry_.shift(level);
      const uint64_t index = untagged >> shift & bits(geometry_.index_bits(level), 0);
      const auto read = memory_.read<uint64_t>({table + index * sizeof(uint64_t)});
      if (!read) return wrap(read.error(), "page table of level %u for %#" PRIx64, level, at.value);
      const uint64_t entry = *read;
      const bool descends = level > 1 && entry & kTableOrPage;
      const bool leaf =
          level == 1 ? entry & kTableOrPage : !descends && level <= geometry_.highest_block();
      if (!(entry & kValid) || !(descends || leaf))
        return fail(Kind::corrupt, "virtual address %#" PRIx64 " is not mapped at level %u",
                    at.value, level);
      if (leaf) {
        const uint64_t leaf_bytes = 1ull << shift, into = untagged & (leaf_bytes - 1);
        return Translation{.paddr = {address(entry, shift) + into}, .bytes = leaf_bytes - into};
      }
      table = address(entry, geometry_.page_shift);
    }
    return fail(Kind::corrupt, "virtual address %#" PRIx64 " has no leaf", at.value);
  }

  // swapper_pg_dir maps nothing but the kernel's half.
  Table root() const override {
    const unsigned levels = geometry_.levels();
    return {.paddr = {root_},
            .level = levels,
            .first_entry = 0,
            .entries = 1u << geometry_.index_bits(levels)};
  }

  std::optional<Paddr> lower_table(uint64_t entry, unsigned level) const override {
    if (level == 1 || !(entry & kValid) || !(entry & kTableOrPage)) return std::nullopt;
    return Paddr{address(entry, geometry_.page_shift)};
  }

 private:
  // What lies below `shift`, the leaf's size, is attributes, also in a block (nT). Bits 48 to 51 of
  // an address that has them are kept among the low ones: 12 to 15 with 64 KiB pages; 8 and 9 for
  // the highest two with LPA2.
  uint64_t address(uint64_t entry, unsigned shift) const {
    if (geometry_.lpa2())
      return (entry & bits(kLpa2AddressEnd, shift)) | (entry & bits(10, 8)) << (50 - 8);
    const uint64_t low = entry & bits(kAddressEnd, shift);
    return geometry_.page_shift == kShift64K ? low | (entry & bits(16, 12)) << (48 - 12) : low;
  }

  PhysMemory& memory_;
  uint64_t root_;
  Geometry geometry_;
};

// How many bits of addresses are in use, of those that the kernel was built for. NUMBER(
// TCR_EL1_T1SZ) came with 1d50e5d0c505 ("arm64/crash_core: Export TCR_EL1.T1SZ in vmcoreinfo",
// v5.9), 52 bits before it: 0 leaves that to be tried.
Result<unsigned> find_va_bits(const Vmcoreinfo& info, unsigned config_va_bits) {
  const auto t1sz = info.number("TCR_EL1_T1SZ");
  if (!t1sz) return config_va_bits > 48 ? 0 : config_va_bits;
  if (*t1sz < 64 - int64_t{config_va_bits} || *t1sz > 64 - int64_t{kMinVaBits})
    return fail(Kind::corrupt,
                "NUMBER(TCR_EL1_T1SZ)=%" PRId64 " is out of range for %u-bit addresses", *t1sz,
                config_va_bits);
  return static_cast<unsigned>(64 - *t1sz);
}

}  // namespace

Result<std::unique_ptr<PageTables>> open_arm64_page_tables(const ElfCore&, const Vmcoreinfo& info,
                                                           PhysMemory& memory) {
  const auto root_vaddr = info.symbol("swapper_pg_dir");
  const auto image_offset = info.number("kimage_voffset");
  const auto config_va_bits = info.number("VA_BITS");
  if (!root_vaddr) return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(swapper_pg_dir)");
  if (!image_offset) return fail(Kind::unsupported, "vmcoreinfo lacks NUMBER(kimage_voffset)");
  if (!config_va_bits) return fail(Kind::unsupported, "vmcoreinfo lacks NUMBER(VA_BITS)");
  if (*config_va_bits < kMinVaBits || *config_va_bits > kMaxVaBits)
    return fail(Kind::corrupt, "NUMBER(VA_BITS)=%" PRId64 " is out of range", *config_va_bits);
  const auto page_shift = static_cast<unsigned>(std::countr_zero(memory.page_size()));
  if (page_shift != kShift4K && page_shift != kShift16K && page_shift != kShift64K)
    return fail(Kind::corrupt, "PAGESIZE=%u is invalid on arm64", memory.page_size());

  const auto built_for = static_cast<unsigned>(*config_va_bits);
  const unsigned known = TRY(find_va_bits(info, built_for));
  // Where the CPU lacks 52 bits the kernel makes do with 48, and with 47 where pages have 16 KiB.
  const unsigned tried[] = {known ? known : kMaxVaBits, 48, 47};

  // Wrong keys would translate to nonsense: the tables must at least map themselves where they lie.
  const uint64_t root = *root_vaddr - static_cast<uint64_t>(*image_offset);
  Error why{};
  for (const unsigned va_bits : std::span(tried).first(known ? 1 : std::size(tried))) {
    auto tables =
        std::make_unique<Arm64PageTables>(memory, root, Geometry{page_shift, va_bits, built_for});
    const auto own = tables->walk({*root_vaddr});
    if (own && own->paddr.value == root) return tables;
    why = own ? fail(Kind::corrupt,
                     "SYMBOL(swapper_pg_dir)=%" PRIx64 " lies at %#" PRIx64
                     " by NUMBER(kimage_voffset), at %#" PRIx64 " by its own %u bits of address",
                     *root_vaddr, root, own->paddr.value, va_bits)
                    .error()
              : wrap(own.error(), "SYMBOL(swapper_pg_dir), %u bits of address", va_bits).error();
  }
  return std::unexpected(why);
}

}  // namespace kdump
