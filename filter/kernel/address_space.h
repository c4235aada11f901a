// The crashed kernel's virtual addresses: by its page tables, else by the PT_LOADs' own virtual
// addresses, which cover the kernel image and the direct map but not vmemmap or vmalloc.
//
// An architecture joins with a PageTables of its own and a row in address_space.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "filter/vmcore/elf_core.h"
#include "filter/vmcore/phys_memory.h"
#include "filter/vmcore/vmcoreinfo.h"

namespace kdump {

// What one page table leaf says of an address.
struct Translation {
  Paddr paddr;
  uint64_t bytes = 0;  // from paddr to the end of the leaf: at least 1
};

class PageTables {
 public:
  virtual ~PageTables() = default;
  // Fails: corrupt, where the address is not mapped or a table cannot be read.
  virtual Result<Translation> walk(Vaddr at) = 0;
};

class AddressSpace {
 public:
  // The arguments must outlive this. Where the page tables cannot be found, `warnings` says why.
  AddressSpace(const ElfCore& core, const Vmcoreinfo& info, PhysMemory& memory,
               std::vector<std::string>& warnings);

  bool has_page_tables() const { return page_tables_ != nullptr; }

  // Fails: corrupt, where neither page tables nor a PT_LOAD map the address.
  Result<Translation> translate(Vaddr at);

  // Copies, across leaves.
  Result<> read(Vaddr at, MutableBytes out);
  template <class T>
  Result<T> read(Vaddr at) {
    T value;
    TRY(read(at, {reinterpret_cast<uint8_t*>(&value), sizeof value}));
    return value;
  }

 private:
  const ElfCore& core_;
  PhysMemory& memory_;
  std::unique_ptr<PageTables> page_tables_;
};

}  // namespace kdump
