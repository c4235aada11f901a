// Finds the struct page of a page frame in sparsemem, with or without vmemmap, with a root table
// that is allocated, static or flat. Holds only the addresses of the tables and looks sections up
// when asked. FLATMEM is unsupported: x86_64 never had it, and arm64 dropped it in v5.12. Source:
// include/linux/mmzone.h, mm/sparse.c.
#pragma once

#include <optional>

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/memory/page_layout.h"

namespace kdump {

class MemMap {
 public:
  // The arguments must outlive this. elf_machine: of ElfCore. Appends to `warnings`. Fails:
  // unsupported or corrupt, if struct pages cannot be located or decoded; the caller then keeps
  // every page.
  static Result<MemMap> open(const Vmcoreinfo& info, uint16_t elf_machine, AddressSpace& space,
                             PhysMemory& memory, std::vector<std::string>& warnings);

  const PageLayout& layout() const { return layout_; }
  uint64_t pages_per_section() const { return pages_per_section_; }

  // Returns the address of the first struct page of the section that contains `pfn`. nullopt: the
  // section has none, or its table is unreadable or out of range.
  std::optional<Vaddr> section_struct_pages(Pfn pfn);

  // Returns the range of the section table; of its root table if it has two levels.
  VirtualRange table() const;
  // Returns the address of the entry of the section that contains `pfn`. nullopt: its root entry is
  // unreadable.
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

  // Calls visit() for one page frame of RAM in each of the first sections, until it returns false.
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
  uint64_t sections_ = 0;                     // length of the table
  unsigned section_number_bits_ = 0;          // log2 of sections_
  Vaddr table_;                               // the root table, or the flat array
  // The value of section_mem_map without flags that most sections share; with vmemmap all do.
  std::optional<uint64_t> common_map_;
};

}  // namespace kdump
