#include "filter/kernel/mem_map.h"

#include "filter/base/text.h"

namespace kdump {
namespace {

// Bounds of what any architecture configures; SECTION_SIZE_BITS is 27 on x86_64 and arm64 (4 KiB
// pages), at most 30; at least one page.
constexpr int64_t kMinSectionBits = 16, kMaxSectionBits = 34;
constexpr int64_t kMaxPhysmemBits = 52;
constexpr uint64_t kMaxMemSectionBytes = 256;
// So many sections that hold memory are tried to tell which reading of the table is right.
constexpr uint32_t kProbedSections = 16;

// Low bits of section_mem_map. Everything below the page offset is flags: five of them until
// 1f90a3477df3 ("mm: teach pfn_to_online_page() about ZONE_DEVICE section collisions", v5.12) made
// it more; only the first matters here.
constexpr uint64_t kSectionPresent = 1u << 0;

}  // namespace

Result<MemMap> MemMap::open(const Vmcoreinfo& info, AddressSpace& space, PhysMemory& memory,
                            std::vector<std::string>& warnings) {
  MemMap map(space, TRY(PageLayout::decode(info, memory.page_size(), warnings)));
  TRY(map.decode_sections(info, memory.page_size()));
  TRY(map.find_table(info, memory));
  return map;
}

Result<> MemMap::decode_sections(const Vmcoreinfo& info, uint32_t page_size) {
  const auto section_bits = info.number("SECTION_SIZE_BITS");
  const auto physmem_bits = info.number("MAX_PHYSMEM_BITS");
  const auto entry_size = info.size("mem_section");
  const auto map_offset = info.offset("mem_section.section_mem_map");
  if (!section_bits) return fail(Kind::unsupported, "vmcoreinfo lacks NUMBER(SECTION_SIZE_BITS)");
  if (!physmem_bits) return fail(Kind::unsupported, "vmcoreinfo lacks NUMBER(MAX_PHYSMEM_BITS)");
  if (!entry_size) return fail(Kind::unsupported, "vmcoreinfo lacks SIZE(mem_section)");
  if (!map_offset)
    return fail(Kind::unsupported, "vmcoreinfo lacks OFFSET(mem_section.section_mem_map)");
  if (*section_bits < kMinSectionBits || *section_bits > kMaxSectionBits ||
      1ull << *section_bits < page_size)
    return fail(Kind::corrupt, "NUMBER(SECTION_SIZE_BITS)=%" PRId64 " cannot be", *section_bits);
  if (*physmem_bits < *section_bits || *physmem_bits > kMaxPhysmemBits)
    return fail(Kind::corrupt, "NUMBER(MAX_PHYSMEM_BITS)=%" PRId64 " cannot be", *physmem_bits);
  if (*entry_size < sizeof(uint64_t) || *entry_size > kMaxMemSectionBytes ||
      *map_offset > *entry_size - sizeof(uint64_t))
    return fail(Kind::corrupt,
                "SIZE(mem_section)=%" PRIu64 " with OFFSET(mem_section.section_mem_map)=%" PRIu64
                " cannot be",
                *entry_size, *map_offset);

  pages_per_section_ = (1ull << *section_bits) / page_size;
  page_offset_mask_ = page_size - 1;
  entry_size_ = *entry_size;
  map_offset_ = *map_offset;
  sections_ = 1ull << (*physmem_bits - *section_bits);
  // LENGTH(mem_section) is the number of roots: with SPARSEMEM_EXTREME each is a page full of
  // entries, without it each is one entry of a flat array.
  const auto roots = info.length("mem_section");
  const uint64_t per_page = page_size / entry_size_;
  const bool flat = roots && *roots == sections_ && per_page > 1;
  entries_per_root_ = flat ? 0 : per_page;
  return {};
}

// SYMBOL(mem_section) is the table itself, or a pointer to it: the table of SPARSEMEM_EXTREME is
// allocated since 83e3c48729d9 ("mm/sparsemem: Allocate mem_section at runtime for
// CONFIG_SPARSEMEM_EXTREME=y", v4.15) and its symbol was at first exported as the pointer.
Result<> MemMap::find_table(const Vmcoreinfo& info, PhysMemory& memory) {
  const auto symbol = info.symbol("mem_section");
  if (!symbol) return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(mem_section)");
  table_ = {*symbol};
  const uint32_t direct = count_sound_sections(memory);
  uint32_t pointed = 0;
  const auto pointer = space_.read<uint64_t>({*symbol});
  if (pointer) {
    table_ = {*pointer};
    pointed = count_sound_sections(memory);
  }
  if (direct == 0 && pointed == 0)
    return fail(Kind::corrupt,
                "SYMBOL(mem_section)=%" PRIx64
                " leads to no struct page, neither as the section table"
                " nor as a pointer to it",
                *symbol);
  if (direct >= pointed) table_ = {*symbol};
  return {};
}

uint32_t MemMap::count_sound_sections(PhysMemory& memory) {
  uint32_t sound = 0, probed = 0;
  const uint64_t section_bytes = pages_per_section_ * memory.page_size();
  for (auto at = memory.next_ram({0}); at && probed < kProbedSections; ++probed) {
    const Pfn pfn{at->value / memory.page_size()};
    if (const auto pages = section_struct_pages(pfn)) {
      const uint64_t index = pfn.value % pages_per_section_;
      uint8_t byte;
      sound += space_.read({pages->value + index * layout_.size}, {&byte, 1}).has_value();
    }
    at = memory.next_ram({(at->value / section_bytes + 1) * section_bytes});
  }
  return sound;
}

std::optional<Vaddr> MemMap::section_entry(uint64_t section) {
  if (section >= sections_) return std::nullopt;
  if (entries_per_root_ == 0) return Vaddr{table_.value + section * entry_size_};
  const auto root =
      space_.read<uint64_t>({table_.value + section / entries_per_root_ * sizeof(uint64_t)});
  if (!root || *root == 0) return std::nullopt;
  return Vaddr{*root + section % entries_per_root_ * entry_size_};
}

std::optional<Vaddr> MemMap::section_struct_pages(Pfn pfn) {
  const uint64_t section = pfn.value / pages_per_section_;
  const auto entry = section_entry(section);
  if (!entry) return std::nullopt;
  const auto value = space_.read<uint64_t>({entry->value + map_offset_});
  if (!value || !(*value & kSectionPresent)) return std::nullopt;
  const uint64_t encoded = *value & ~page_offset_mask_;
  if (encoded == 0) return std::nullopt;
  // Kept as the address that page frame 0 would have, so that indexing needs no subtraction.
  return Vaddr{encoded + section * pages_per_section_ * layout_.size};
}

}  // namespace kdump
