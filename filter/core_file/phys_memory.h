// Reads the crashed machine's physical memory from the vmcore. PT_LOADs become disjoint ranges,
// which are mapped in windows, or read with read(2) if mmap fails. A page with an unreadable byte
// counts as unreadable as a whole, and one call touches it only once, since it may be broken
// memory.
//
// Not thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "filter/core_file/elf_core.h"
#include "filter/core_file/fault_guard.h"
#include "filter/core_file/file_windows.h"
#include "filter/core_file/window.h"

namespace kdump {

struct MemoryRange {
  uint64_t begin = 0, end = 0;  // physical addresses
  uint64_t file_offset = 0;     // of the byte at begin
};

class PhysMemory {
 public:
  // How pages are copied. mapping: for /proc/vmcore, which read(2) serves through a temporary
  // mapping for each page and which is many times slower. reading: for a file in the page cache,
  // where a mapping costs as much as the copy.
  enum class CopyBy : uint8_t { mapping, reading };

  // file and core must outlive this. page_size: a power of two.
  PhysMemory(const ByteSource& file, const ElfCore& core, uint32_t page_size, CopyBy how);
  // A dump, which may lack memory of the machine. ranges: what it holds; ram: what the machine has,
  // of which file_offset does not matter. Both disjoint, ascending, of whole pages.
  PhysMemory(const ByteSource& file, std::vector<MemoryRange> ranges, std::vector<MemoryRange> ram,
             uint32_t page_size);

  uint32_t page_size() const { return page_size_; }
  Pfn end_pfn() const;         // one past the highest page of the machine
  uint64_t ram_pages() const;  // pages of the machine: of each, a vmcore has at least one byte

  // Returns the first address at or after `at` that the vmcore contains.
  std::optional<Paddr> next_ram(Paddr at) const;

  // Returns the first window (window.h) at or after `at` with RAM; end_pfn() if there is none.
  Pfn next_window(Pfn at) const;

  // Sets bit i if the vmcore contains a byte of page first + i, and clears it otherwise.
  void mark_present(Pfn first, PageBits& present) const;
  // The same for the pages of the machine: in a dump, also those that it omits.
  void mark_ram(Pfn first, PageBits& ram) const;

  // Copies out.size() bytes. Fails: corrupt, if a byte lies in no PT_LOAD; io, if it is unreadable.
  Result<> read(Paddr at, MutableBytes out);
  template <class T>
  Result<T> read(Paddr at) {
    T value;
    TRY(read(at, {reinterpret_cast<uint8_t*>(&value), sizeof value}));
    return value;
  }

  // Copies readable.size() pages from `first` on to `out`, which holds as many. Bytes in no PT_LOAD
  // become zeros. A page that does not exist, or has an unreadable byte, becomes zeros and
  // readable[i] = 0; other pages set readable[i] = 1. Returns the number of the former.
  size_t read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable);

  // Returns a view of the memory at `at`: between one and max_bytes contiguous bytes. Access it
  // only under a guard (fault_guard.h). Valid until the next call of this object. Fails as read()
  // does.
  Result<Bytes> view(Paddr at, uint64_t max_bytes);

  // Bytes returned by the calls above so far, for the report.
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  const MemoryRange* range_at_or_after(uint64_t paddr) const;
  const std::vector<MemoryRange>& ram() const { return ram_.empty() ? ranges_ : ram_; }
  void mark(const std::vector<MemoryRange>& ranges, Pfn first, PageBits& bits) const;
  Result<Bytes> find_view(Paddr at, uint64_t max_bytes);
  Result<> copy(Bytes mapped, MutableBytes out, Paddr at);
  bool read_page(Pfn pfn, MutableBytes out);
  bool read_run(Pfn first, MutableBytes out) const;
  void copy_pages(Bytes mapped, MutableBytes out, std::span<uint8_t> readable);

  const ByteSource& file_;
  uint32_t page_size_;
  CopyBy copy_by_;
  FileWindows windows_;
  std::vector<MemoryRange> ranges_;  // disjoint, ascending
  std::vector<MemoryRange> ram_;     // likewise; empty: as ranges_
  uint64_t bytes_read_ = 0;
  std::unique_ptr<uint8_t[]> bounce_;  // one page, where mmap fails
};

}  // namespace kdump
