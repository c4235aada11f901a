// From a page frame to its struct page: sparsemem, with vmemmap or without, with its root table
// allocated, static or flat. Nothing is held but where the tables lie: sections are looked up as
// memory is walked. FLATMEM is not read: x86_64 never had it, arm64 no longer since v5.12.
// Source: include/linux/mmzone.h, mm/sparse.c.
#pragma once

#include <optional>

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/memory/page_layout.h"

namespace kdump {

class MemMap {
 public:
  // The arguments must outlive this. elf_machine: as in ElfCore. Appends to `warnings`. Fails:
  // unsupported or corrupt, where struct pages cannot be found or understood; every page is to be
  // kept then.
  static Result<MemMap> open(const Vmcoreinfo& info, uint16_t elf_machine, AddressSpace& space,
                             PhysMemory& memory, std::vector<std::string>& warnings);

  const PageLayout& layout() const { return layout_; }
  uint64_t pages_per_section() const { return pages_per_section_; }

  // Where the struct page of the first page frame of the section that holds `pfn` lies.
  // nullopt: the section has none, its table cannot be read, or what that says cannot be.
  std::optional<Vaddr> section_struct_pages(Pfn pfn);

  // The section table, which is of root entries where the sections' own lie elsewhere.
  VirtualRange table() const;
  // Where the entry of the section that holds `pfn` lies. nullopt: its root cannot be read.
  std::optional<Vaddr> section_entry(Pfn pfn) {
    const auto at = section_entry(pfn.value / pages_per_section_);
    return at ? std::optional(Vaddr{*at}) : std::nullopt;
  }

 private:
  MemMap(AddressSpace& space, PhysMemory& memory, const PageLayout& layout)
      : space_(space), memory_(memory), layout_(layout) {}

  Result<> decode_sections(const Vmcoreinfo& info, uint16_t elf_machine);
  Result<> find_table(const Vmcoreinfo& info);
  Result<> check_struct_pages();

  // Visits page frames of RAM, one of each of the first sections, until visit() says false.
  template <class Visit>
  void each_section_with_ram(uint32_t sections, Visit visit);
  uint32_t try_table(Vaddr table);

  std::optional<uint64_t> section_entry(uint64_t section);
  std::optional<uint64_t> encoded_map(uint64_t section);
  bool is_of_section(uint64_t map, uint64_t section);

  AddressSpace& space_;
  PhysMemory& memory_;
  PageLayout layout_;
  uint64_t pages_per_section_ = 0;
  uint64_t entry_size_ = 0, map_offset_ = 0;  // of struct mem_section
  uint64_t entries_per_root_ = 0;             // 0: a flat array, no root table
  uint64_t sections_ = 0;                     // table's length; beyond it nothing is looked up
  unsigned section_number_bits_ = 0;          // log2 of sections_
  Vaddr table_;                               // the root table, or the flat array
  // What section_mem_map says in nearly every section, flags aside: with vmemmap it is the same in
  // all of them.
  std::optional<uint64_t> common_map_;
};

}  // namespace kdump
