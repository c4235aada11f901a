// The crashed kernel's virtual addresses: by its page tables, else by the PT_LOADs' own virtual
// addresses, which cover the kernel image and the direct map but not vmemmap or vmalloc.
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

// What one page table leaf says of an address.
struct Translation {
  Paddr paddr;
  uint64_t bytes = 0;  // from paddr to the end of the leaf: at least 1
};

// A stretch of the kernel's memory.
struct VirtualRange {
  Vaddr begin;
  uint64_t size_bytes = 0;
};

class PageTables {
 public:
  // One table, or the part of it that maps the kernel.
  struct Table {
    Paddr paddr;
    unsigned level = 0;  // 1: its entries are leaves
    uint32_t first_entry = 0, entries = 0;
  };

  virtual ~PageTables() = default;
  // Fails: corrupt, where the address is not mapped or a table cannot be read.
  virtual Result<Translation> walk(Vaddr at) = 0;

  // The tables themselves, for who walks them all: where they begin, and to which lower table an
  // entry of a table at `level` leads, if to any.
  virtual Table root() const = 0;
  virtual std::optional<Paddr> lower_table(uint64_t entry, unsigned level) const = 0;
};

class AddressSpace {
 public:
  // The arguments must outlive this. Where the page tables cannot be found, `warnings` says why.
  AddressSpace(const ElfCore& core, const Vmcoreinfo& info, PhysMemory& memory,
               std::vector<std::string>& warnings);

  const PageTables* page_tables() const { return page_tables_.get(); }  // nullptr: none

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
  // What the page tables said last, from the address that was asked for to the end of its leaf:
  // most reads follow one that lay close before them.
  struct Leaf {
    Vaddr begin;
    Translation translation;
  };

  const ElfCore& core_;
  PhysMemory& memory_;
  std::unique_ptr<PageTables> page_tables_;
  std::array<Leaf, 8> leaves_ = {};
  size_t next_leaf_ = 0;  // of them, the one to be replaced
};

}  // namespace kdump
