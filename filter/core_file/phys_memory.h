// The crashed machine's physical memory, read from the vmcore: PT_LOADs turned into disjoint
// ranges, mapped in windows, with read(2) where a mapping cannot be had. A page that cannot be
// read is a hole as a whole: where it may be broken memory it is touched once, never again in the
// same call.
//
// Thread-safe: no.
#pragma once

#include <memory>
#include <vector>

#include "filter/core_file/elf_core.h"
#include "filter/core_file/fault_guard.h"
#include "filter/core_file/file_windows.h"
#include "filter/core_file/window.h"

namespace kdump {

class PhysMemory {
 public:
  // How pages are copied. The kernel reads /proc/vmcore a page at a time, through a mapping that it
  // makes and takes down again: mapping it once is many times faster. With a file in the page cache
  // it is the other way round: the mapping costs as much as the copy.
  enum class CopyBy : uint8_t { mapping, reading };

  // file and core must outlive this. page_size: a power of two.
  PhysMemory(const File& file, const ElfCore& core, uint32_t page_size, CopyBy how);

  uint32_t page_size() const { return page_size_; }
  Pfn end_pfn() const;         // one past the highest page of which the vmcore has a byte
  uint64_t ram_pages() const;  // pages of which the vmcore has at least one byte, each once

  // The first byte at or after `at` that the vmcore has.
  std::optional<Paddr> next_ram(Paddr at) const;

  // The first window (window.h) at or after `at` that has RAM; end_pfn() if none has.
  Pfn next_window(Pfn at) const;

  // Sets the bits of the pages first + i of which the vmcore has at least one byte, clears others.
  void mark_ram(Pfn first, PageBits& ram) const;

  // Copies. Fails: corrupt, where a byte lies in no PT_LOAD; io, where it cannot be read.
  Result<> read(Paddr at, MutableBytes out);
  template <class T>
  Result<T> read(Paddr at) {
    T value;
    TRY(read(at, {reinterpret_cast<uint8_t*>(&value), sizeof value}));
    return value;
  }

  // Copies the pages from `first` on, one for each of `readable`, to out, which holds that many;
  // bytes that lie in no PT_LOAD become zeros. Where nothing of a page exists, or some of it cannot
  // be read, it is all zeros and readable[i] = 0; others get 1. Gives the number of the former.
  size_t read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable);

  // The memory at `at` in place: at least one and at most max_bytes bytes, as far as they lie
  // together. Touch it only under a guard; it is valid until the next call of this object.
  // Fails as read() does.
  Result<Bytes> view(Paddr at, uint64_t max_bytes);

  // How much of the vmcore has been handed out by the calls above: for the run's report.
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct Range {
    uint64_t begin = 0, end = 0;  // physical addresses
    uint64_t file_offset = 0;     // of the byte at begin
  };

  const Range* range_at_or_after(uint64_t paddr) const;
  Result<Bytes> find_view(Paddr at, uint64_t max_bytes);
  Result<> copy(Bytes mapped, MutableBytes out, Paddr at);
  bool read_page(Pfn pfn, MutableBytes out);
  bool read_run(Pfn first, MutableBytes out) const;
  void copy_pages(Bytes mapped, MutableBytes out, std::span<uint8_t> readable);

  const File& file_;
  uint32_t page_size_;
  CopyBy copy_by_;
  FileWindows windows_;
  std::vector<Range> ranges_;  // disjoint, ascending
  uint64_t bytes_read_ = 0;
  std::unique_ptr<uint8_t[]> bounce_;  // one page, where mmap fails
};

}  // namespace kdump
