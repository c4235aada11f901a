// From a page frame to its struct page: sparsemem, with vmemmap or without, with its root table
// allocated, static or flat. Nothing is held but where the tables lie: sections are looked up as
// memory is walked.
// Source: include/linux/mmzone.h, mm/sparse.c.
#pragma once

#include <optional>

#include "filter/kernel/address_space.h"
#include "filter/kernel/page_layout.h"

namespace kdump {

class MemMap {
 public:
  // The arguments must outlive this. Appends to `warnings`. Fails: unsupported or corrupt, where
  // struct pages cannot be found or understood; every page is to be kept then.
  static Result<MemMap> open(const Vmcoreinfo& info, AddressSpace& space, PhysMemory& memory,
                             std::vector<std::string>& warnings);

  const PageLayout& layout() const { return layout_; }
  uint64_t pages_per_section() const { return pages_per_section_; }

  // Where the struct page of the first page frame of the section that holds `pfn` lies.
  // nullopt: the section has none, or its table cannot be read.
  std::optional<Vaddr> section_struct_pages(Pfn pfn);

 private:
  MemMap(AddressSpace& space, const PageLayout& layout) : space_(space), layout_(layout) {}

  Result<> decode_sections(const Vmcoreinfo& info, uint32_t page_size);
  Result<> find_table(const Vmcoreinfo& info, PhysMemory& memory);
  std::optional<Vaddr> section_entry(uint64_t section);
  uint32_t count_sound_sections(PhysMemory& memory);

  AddressSpace& space_;
  PageLayout layout_;
  uint64_t pages_per_section_ = 0;
  uint64_t page_offset_mask_ = 0;
  uint64_t entry_size_ = 0, map_offset_ = 0;  // of struct mem_section
  uint64_t entries_per_root_ = 0;             // 0: a flat array, no root table
  uint64_t sections_ = 0;                     // table's length; beyond it nothing is looked up
  Vaddr table_;                               // the root table, or the flat array
};

}  // namespace kdump
