#include "filter/kernel/memory/mem_map.h"

#include <algorithm>
#include <bit>

#include "filter/kernel/memory/struct_page.h"

namespace kdump {
namespace {

// Bounds of what any architecture configures; SECTION_SIZE_BITS is 27 on x86_64 and arm64 (4 KiB
// pages), at most 30; at least one page.
constexpr int64_t kMinSectionBits = 16, kMaxSectionBits = 34;
constexpr int64_t kMaxPhysmemBits = 52;
constexpr uint64_t kMaxMemSectionBytes = 256;
constexpr uint64_t kMaxRoots = 1ull << 40;
// So many sections that hold memory are tried to tell which reading of the table is right, and so
// many must be sound: the first ones may be the corrupt ones.
constexpr uint32_t kProbedSections = 1024, kEnoughSections = 16;
// So many struct pages of each of those are looked at.
constexpr uint64_t kProbedPages = 64;
// None of a healthy kernel's contradicts itself; with SIZE(page) 8 bytes off one in nine does.
constexpr uint32_t kImpossibleShare = 16;

// Low bits of section_mem_map. Everything below the page offset is flags: one more each since
// 326e1b8f83a4 ("mm/sparsemem: introduce a SECTION_IS_EARLY flag", v5.3) and 1f90a3477df3 ("mm:
// teach pfn_to_online_page() about ZONE_DEVICE section collisions", v5.12). The first alone says
// whether there are struct pages: ba72b4c8cf60 ("mm/sparsemem: support sub-section hotplug", v5.3)
// left the rest as it was when memory went.
constexpr uint64_t kSectionPresent = 1u << 0;

// SECTION_SIZE_BITS of kernels that export neither it nor MAX_PHYSMEM_BITS: those before v5.9.
struct SectionBitsRow {
  uint16_t elf_machine;
  int64_t section_bits;
};
constexpr SectionBitsRow kDefaultSectionBits[] = {
    {kMachineX86_64, 27},
    {kMachineAarch64,
     30},  // until f0b13ee23241 ("arm64/sparsemem: reduce SECTION_SIZE_BITS", v5.12)
};

std::optional<int64_t> default_section_bits(uint16_t elf_machine) {
  for (const SectionBitsRow& row : kDefaultSectionBits)
    if (row.elf_machine == elf_machine) return row.section_bits;
  return std::nullopt;
}

struct SectionBits {
  int64_t section = 0, physmem = 0;
};

// 4f5aecdff25f ("crash_core, vmcoreinfo: append 'SECTION_SIZE_BITS' to vmcoreinfo", v5.13) and
// 1d50e5d0c505 ("crash_core, vmcoreinfo: Append 'MAX_PHYSMEM_BITS' to vmcoreinfo", v5.9) say them.
// Where one is missing, the number of sections gives it. roots_of_sections: their product.
Result<SectionBits> find_bits(const Vmcoreinfo& info, uint16_t elf_machine,
                              uint64_t roots_of_sections) {
  auto section = info.number("SECTION_SIZE_BITS");
  auto physmem = info.number("MAX_PHYSMEM_BITS");
  const bool is_counted = std::has_single_bit(roots_of_sections);
  const int64_t section_number = std::bit_width(roots_of_sections) - 1;
  if (!section && physmem && is_counted) section = *physmem - section_number;
  if (!section && !physmem) section = default_section_bits(elf_machine);
  if (!section)
    return fail(Kind::unsupported,
                "vmcoreinfo lacks NUMBER(SECTION_SIZE_BITS), and SIZE(mem_section) and"
                " LENGTH(mem_section) do not give it");
  if (!physmem && is_counted) physmem = *section + section_number;
  if (!physmem)
    return fail(Kind::unsupported,
                "vmcoreinfo lacks NUMBER(MAX_PHYSMEM_BITS), and SIZE(mem_section) and"
                " LENGTH(mem_section) do not give it");
  return SectionBits{*section, *physmem};
}

}  // namespace

Result<MemMap> MemMap::open(const Vmcoreinfo& info, uint16_t elf_machine, AddressSpace& space,
                            PhysMemory& memory, std::vector<std::string>& warnings) {
  MemMap map(space, memory, TRY(PageLayout::decode(info, memory.page_size(), warnings)));
  TRY(map.decode_sections(info, elf_machine));
  TRY(map.find_table(info));
  TRY(map.check_struct_pages());
  return map;
}

Result<> MemMap::decode_sections(const Vmcoreinfo& info, uint16_t elf_machine) {
  const uint64_t page_size = memory_.page_size();
  const auto entry_size = info.size("mem_section");
  const auto map_offset = info.offset("mem_section.section_mem_map");
  if (!entry_size && info.symbol("mem_map") && !info.symbol("mem_section"))
    return fail(
        Kind::unsupported,
        "vmcoreinfo has SYMBOL(mem_map) and no SYMBOL(mem_section): FLATMEM is unsupported");
  if (!entry_size) return fail(Kind::unsupported, "vmcoreinfo lacks SIZE(mem_section)");
  if (!map_offset)
    return fail(Kind::unsupported, "vmcoreinfo lacks OFFSET(mem_section.section_mem_map)");
  if (*entry_size < sizeof(uint64_t) || *entry_size > kMaxMemSectionBytes ||
      *map_offset > *entry_size - sizeof(uint64_t) || *map_offset % sizeof(uint64_t) != 0)
    return fail(Kind::corrupt,
                "SIZE(mem_section)=%" PRIu64 " with OFFSET(mem_section.section_mem_map)=%" PRIu64
                " is out of range",
                *entry_size, *map_offset);

  // LENGTH(mem_section) is the number of roots: with SPARSEMEM_EXTREME each is a page full of
  // entries, without it each is one entry of a flat array.
  const auto roots = info.length("mem_section");
  const uint64_t per_page = page_size / *entry_size;
  if (roots && (*roots == 0 || *roots > kMaxRoots))
    return fail(Kind::corrupt, "LENGTH(mem_section)=%" PRIu64 " is out of range (1 to %" PRIu64 ")",
                *roots, kMaxRoots);
  const auto [section_bits, physmem_bits] =
      TRY(find_bits(info, elf_machine, roots.value_or(0) * per_page));
  if (section_bits < kMinSectionBits || section_bits > kMaxSectionBits ||
      1ull << section_bits < page_size)
    return fail(Kind::corrupt,
                "NUMBER(SECTION_SIZE_BITS)=%" PRId64 " with NUMBER(MAX_PHYSMEM_BITS)=%" PRId64
                " is out of range",
                section_bits, physmem_bits);
  if (physmem_bits < section_bits || physmem_bits > kMaxPhysmemBits)
    return fail(Kind::corrupt,
                "NUMBER(MAX_PHYSMEM_BITS)=%" PRId64 " with NUMBER(SECTION_SIZE_BITS)=%" PRId64
                ", SIZE(mem_section)=%" PRIu64 " is out of range",
                physmem_bits, section_bits, *entry_size);
  pages_per_section_ = (1ull << section_bits) / page_size;
  entry_size_ = *entry_size;
  map_offset_ = *map_offset;
  section_number_bits_ = static_cast<unsigned>(physmem_bits - section_bits);
  sections_ = 1ull << section_number_bits_;
  const bool is_sparsemem_extreme = !roots || *roots == (sections_ + per_page - 1) / per_page;
  if (!is_sparsemem_extreme && *roots != sections_)
    return fail(Kind::corrupt,
                "NUMBER(MAX_PHYSMEM_BITS)=%" PRId64 ", NUMBER(SECTION_SIZE_BITS)=%" PRId64
                ", SIZE(mem_section)=%" PRIu64 ", LENGTH(mem_section)=%" PRIu64 " contradict",
                physmem_bits, section_bits, entry_size_, *roots);
  entries_per_root_ = is_sparsemem_extreme ? per_page : 0;
  return {};
}

// SYMBOL(mem_section) is the table itself, or a pointer to it: the table of SPARSEMEM_EXTREME is
// allocated since 83e3c48729d9 ("mm/sparsemem: Allocate mem_section at runtime for
// CONFIG_SPARSEMEM_EXTREME=y", v4.15) and its symbol was at first exported as the pointer.
Result<> MemMap::find_table(const Vmcoreinfo& info) {
  const auto symbol = info.symbol("mem_section");
  if (!symbol) return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(mem_section)");
  const uint32_t direct = try_table({*symbol});
  const auto pointer = space_.read<uint64_t>({*symbol});
  const uint32_t pointed = pointer ? try_table({*pointer}) : 0;
  if (direct == 0 && pointed == 0)
    return fail(Kind::corrupt,
                "SYMBOL(mem_section)=%" PRIx64
                " leads to no struct page, neither as the section table"
                " nor as a pointer to it",
                *symbol);
  if (direct >= pointed) try_table({*symbol});
  return {};
}

// Takes the table to be there, and finds out what nearly all of its sections say. Gives how many of
// those that were looked at lead to something that can be read.
uint32_t MemMap::try_table(Vaddr table) {
  table_ = table;
  common_map_.reset();
  std::array<uint64_t, kEnoughSections> maps;
  uint32_t sound = 0;
  if (table.value % sizeof(uint64_t) != 0) return 0;
  each_section_with_ram(kProbedSections, [&](Pfn pfn) {
    const auto map = encoded_map(pfn.value / pages_per_section_);
    uint8_t byte;
    if (map && space_.read({*map + pfn.value * layout_.size}, {&byte, 1})) maps[sound++] = *map;
    return sound < kEnoughSections;
  });
  for (const uint64_t map : std::span(maps).first(sound))
    if (2 * std::ranges::count(std::span(maps).first(sound), map) > sound) common_map_ = map;
  return sound;
}

// A wrong SIZE(page), or offset, shows; a section that is corrupt alone is no reason to distrust
// the others.
Result<> MemMap::check_struct_pages() {
  if (!layout_.tail_bit) return {};  // any of them can be a tail, whose fields mean nothing
  uint32_t sections = 0, corrupt_sections = 0, all_seen = 0, all_impossible = 0;
  std::array<uint8_t, kMaxStructPage> page;
  each_section_with_ram(kEnoughSections, [&](Pfn first) {
    const uint64_t end = (first.value / pages_per_section_ + 1) * pages_per_section_;
    const uint64_t step = std::max<uint64_t>((end - first.value) / kProbedPages, 1);
    const auto section = section_struct_pages(first);
    uint32_t seen = 0, impossible = 0;
    for (uint64_t pfn = first.value; section && pfn < end; pfn += step) {
      const uint64_t at = section->value + pfn % pages_per_section_ * layout_.size;
      const auto ram = memory_.next_ram({pfn * memory_.page_size()});
      if (!ram || ram->value != pfn * memory_.page_size()) continue;
      if (!space_.read({at}, MutableBytes(page).first(layout_.size))) continue;
      if (is_tail(page.data(), layout_) || is_slab(page.data(), layout_)) continue;
      ++seen;
      impossible += is_inconsistent(page.data(), layout_);
    }
    ++sections;
    if (impossible > seen / 4 * 3) {
      ++corrupt_sections;
      return true;
    }
    all_seen += seen;
    all_impossible += impossible;
    return true;
  });
  if (corrupt_sections > sections / 2 || all_impossible > all_seen / kImpossibleShare)
    return fail(
        Kind::corrupt,
        "%u of %u sampled struct pages are corrupt, nearly all of them in %u of %u sections:"
        " SIZE(page)=%u or an OFFSET(page.*) in vmcoreinfo is wrong",
        all_impossible, all_seen, corrupt_sections, sections, layout_.size);
  return {};
}

template <class Visit>
void MemMap::each_section_with_ram(uint32_t sections, Visit visit) {
  const uint64_t section_bytes = pages_per_section_ * memory_.page_size();
  for (auto at = memory_.next_ram({0}); at && sections > 0; --sections) {
    if (!visit(Pfn{at->value / memory_.page_size()})) return;
    at = memory_.next_ram({(at->value / section_bytes + 1) * section_bytes});
  }
}

VirtualRange MemMap::table() const {
  if (entries_per_root_ == 0) return {table_, sections_ * entry_size_};
  const uint64_t roots = (sections_ + entries_per_root_ - 1) / entries_per_root_;
  return {table_, roots * sizeof(uint64_t)};
}

std::optional<uint64_t> MemMap::section_entry(uint64_t section) {
  if (section >= sections_) return std::nullopt;
  if (entries_per_root_ == 0) return table_.value + section * entry_size_;
  const auto root =
      space_.read<uint64_t>({table_.value + section / entries_per_root_ * sizeof(uint64_t)});
  if (!root || *root == 0) return std::nullopt;
  return *root + section % entries_per_root_ * entry_size_;
}

// Where the struct page of page frame 0 would lie by the section's entry: the form in which the
// kernel keeps it, so that indexing needs no subtraction.
std::optional<uint64_t> MemMap::encoded_map(uint64_t section) {
  const auto entry = section_entry(section);
  if (!entry) return std::nullopt;
  const auto value = space_.read<uint64_t>({*entry + map_offset_});
  if (!value || !(*value & kSectionPresent)) return std::nullopt;
  const uint64_t map = *value & ~uint64_t{memory_.page_size() - 1};
  if (map == 0) return std::nullopt;
  return map;
}

std::optional<Vaddr> MemMap::section_struct_pages(Pfn pfn) {
  const uint64_t section = pfn.value / pages_per_section_;
  const auto map = encoded_map(section);
  if (!map || !is_of_section(*map, section)) return std::nullopt;
  return Vaddr{*map + section * pages_per_section_ * layout_.size};
}

// A corrupt entry may lead to memory that has other things in it. With vmemmap all sections agree;
// without it struct pages have their section's number in the highest bits of their flags.
bool MemMap::is_of_section(uint64_t map, uint64_t section) {
  if (map == common_map_) return true;
  const uint64_t page_size = memory_.page_size();
  const auto ram = memory_.next_ram({section * pages_per_section_ * page_size});
  if (!ram) return false;
  const auto flags =
      space_.read<uint64_t>({map + ram->value / page_size * layout_.size + layout_.flags});
  return flags && section_number_bits_ > 0 && *flags >> (64 - section_number_bits_) == section;
}

}  // namespace kdump
