// Translates the crashed kernel's virtual addresses through its page tables. Without page tables it
// uses the virtual addresses of the PT_LOADs, which cover the kernel image and the direct map, but
// not vmemmap or vmalloc.
//
// To add an architecture, implement PageTables and add a row in address_space.cc.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filter/core_file/elf_core.h"
#include "filter/core_file/phys_memory.h"
#include "filter/core_file/vmcoreinfo.h"

namespace kdump {

// The translation of an address by one page table leaf.
struct Translation {
  Paddr paddr;
  uint64_t bytes = 0;  // from paddr to the end of the leaf: at least 1
};

// A range of kernel virtual memory.
struct VirtualRange {
  Vaddr begin;
  uint64_t size_bytes = 0;
};

class PageTables {
 public:
  // A page table, or the part of it that maps the kernel.
  struct Table {
    Paddr paddr;
    unsigned level = 0;  // 1: its entries are leaves
    uint32_t first_entry = 0, entries = 0;
  };

  virtual ~PageTables() = default;
  // Translates an address. Fails: corrupt, if it is not mapped or a table cannot be read.
  virtual Result<Translation> walk(Vaddr at) = 0;

  // For enumeration of all tables: the top table, and the lower table that an entry of a table at
  // `level` points to, if any.
  virtual Table root() const = 0;
  virtual std::optional<Paddr> lower_table(uint64_t entry, unsigned level) const = 0;
};

class AddressSpace {
 public:
  // The arguments must outlive this. Appends to `warnings` if the page tables cannot be found.
  AddressSpace(const ElfCore& core, const Vmcoreinfo& info, PhysMemory& memory,
               std::vector<std::string>& warnings);

  const PageTables* page_tables() const { return page_tables_.get(); }  // nullptr: none

  // Translates an address. Fails: corrupt, if neither page tables nor a PT_LOAD map it.
  Result<Translation> translate(Vaddr at);

  // Copies out.size() bytes, across leaves. Fails as translate() and PhysMemory::read() do.
  Result<> read(Vaddr at, MutableBytes out);
  template <class T>
  Result<T> read(Vaddr at) {
    T value;
    TRY(read(at, {reinterpret_cast<uint8_t*>(&value), sizeof value}));
    return value;
  }

 private:
  // A cached translation, from the requested address to the end of its leaf. Most reads are close
  // behind an earlier one.
  struct Leaf {
    Vaddr begin;
    Translation translation;
  };

  const ElfCore& core_;
  PhysMemory& memory_;
  std::unique_ptr<PageTables> page_tables_;
  std::array<Leaf, 8> leaves_ = {};
  size_t next_leaf_ = 0;  // index of the leaf to replace next
};

}  // namespace kdump
