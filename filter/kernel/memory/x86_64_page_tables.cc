#include "filter/kernel/memory/x86_64_page_tables.h"

#include <bit>

namespace kdump {
namespace {

constexpr uint64_t kPresent = 1u << 0;
constexpr uint64_t kLargeLeaf = 1u << 7;  // at the levels of 1 GiB and 2 MiB entries
constexpr uint64_t kAddressBits = 0x000f'ffff'ffff'f000;
constexpr unsigned kPageShift = 12, kBitsPerLevel = 9;

// Where the kernel's image is linked (__START_KERNEL_map); KASLR moves it inside 1 GiB above.
constexpr uint64_t kKernelMap = 0xffff'ffff'8000'0000;

class X86_64PageTables final : public PageTables {
 public:
  X86_64PageTables(PhysMemory& memory, uint64_t root, unsigned levels, uint64_t encryption_mask)
      : memory_(memory),
        root_(root),
        levels_(levels),
        address_bits_(kAddressBits & ~encryption_mask) {}

  Result<Translation> walk(Vaddr at) override {
    const unsigned address_width = kPageShift + kBitsPerLevel * levels_;
    const auto sign = static_cast<int64_t>(at.value) >> (address_width - 1);
    if (sign != 0 && sign != -1)
      return fail(Kind::corrupt, "virtual address %#" PRIx64 " is not canonical", at.value);
    uint64_t table = root_;
    for (unsigned level = levels_; level > 0; --level) {
      const unsigned shift = kPageShift + kBitsPerLevel * (level - 1);
      const uint64_t index = at.value >> shift & ((1u << kBitsPerLevel) - 1);
      const auto read = memory_.read<uint64_t>({table + index * sizeof(uint64_t)});
      if (!read) return wrap(read.error(), "page table of level %u for %#" PRIx64, level, at.value);
      const uint64_t entry = *read;
      if (!(entry & kPresent))
        return fail(Kind::corrupt, "virtual address %#" PRIx64 " is not mapped at level %u",
                    at.value, level);
      if (level == 1 || (level <= 3 && entry & kLargeLeaf)) {
        // Bit 12 of a large leaf is an attribute (PAT), so its address is cut at the leaf's size.
        const uint64_t leaf_bytes = 1ull << shift, into = at.value & (leaf_bytes - 1);
        return Translation{.paddr = {(entry & address_bits_ & ~(leaf_bytes - 1)) + into},
                           .bytes = leaf_bytes - into};
      }
      table = entry & address_bits_;
    }
    return fail(Kind::corrupt, "virtual address %#" PRIx64 " has no leaf", at.value);
  }

  // The upper half of the root is the kernel's.
  Table root() const override {
    constexpr uint32_t kHalf = 1u << (kBitsPerLevel - 1);
    return {.paddr = {root_}, .level = levels_, .first_entry = kHalf, .entries = kHalf};
  }

  std::optional<Paddr> lower_table(uint64_t entry, unsigned level) const override {
    if (!(entry & kPresent) || level == 1 || (level <= 3 && entry & kLargeLeaf))
      return std::nullopt;
    return Paddr{entry & address_bits_};
  }

 private:
  PhysMemory& memory_;
  uint64_t root_;
  unsigned levels_;
  uint64_t address_bits_;
};

// The distance of physical addresses from kKernelMap. NUMBER(phys_base) appeared in v4.10; before
// it the PT_LOAD that maps the image says the same.
Result<uint64_t> find_phys_base(const ElfCore& core, const Vmcoreinfo& info) {
  if (const auto number = info.number("phys_base")) return static_cast<uint64_t>(*number);
  for (const LoadSegment& segment : core.segments())
    if (segment.vaddr.value >= kKernelMap)
      return segment.paddr.value - (segment.vaddr.value - kKernelMap);
  return fail(Kind::unsupported,
              "vmcoreinfo lacks NUMBER(phys_base), and no PT_LOAD maps the image");
}

}  // namespace

Result<std::unique_ptr<PageTables>> open_x86_64_page_tables(const ElfCore& core,
                                                            const Vmcoreinfo& info,
                                                            PhysMemory& memory) {
  auto root_vaddr = info.symbol("init_top_pgt");
  if (!root_vaddr) root_vaddr = info.symbol("init_level4_pgt");  // its name before v4.13
  if (!root_vaddr) return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(init_top_pgt)");
  const uint64_t phys_base = TRY(find_phys_base(core, info));
  const uint64_t root = *root_vaddr - kKernelMap + phys_base;
  if (root % (1u << kPageShift) != 0)
    return fail(Kind::corrupt,
                "SYMBOL(init_top_pgt)=%" PRIx64 " with NUMBER(phys_base)=%#" PRIx64
                " is not aligned to a page",
                *root_vaddr, phys_base);
  const unsigned levels = info.number("pgtable_l5_enabled").value_or(0) ? 5 : 4;
  // The C-bit of AMD's memory encryption, high up in physical addresses.
  const auto encryption_mask = static_cast<uint64_t>(info.number("sme_mask").value_or(0));
  if (encryption_mask != 0 && (!std::has_single_bit(encryption_mask) || encryption_mask >> 32 == 0))
    return fail(Kind::corrupt, "NUMBER(sme_mask)=%#" PRIx64 " is invalid", encryption_mask);

  // Wrong keys or a wrong number of levels would translate to nonsense: the tables must at least
  // map themselves where they lie.
  auto tables = std::make_unique<X86_64PageTables>(memory, root, levels, encryption_mask);
  const auto own = tables->walk({*root_vaddr});
  if (!own)
    return wrap(own.error(), "SYMBOL(init_top_pgt), %u levels by NUMBER(pgtable_l5_enabled)",
                levels);
  if (own->paddr.value != root)
    return fail(Kind::corrupt,
                "SYMBOL(init_top_pgt)=%" PRIx64 " lies at %#" PRIx64
                " by NUMBER(phys_base), at %#" PRIx64
                " by its own %u levels, NUMBER(pgtable_l5_enabled), and NUMBER(sme_mask)",
                *root_vaddr, root, own->paddr.value, levels);
  return tables;
}

}  // namespace kdump
