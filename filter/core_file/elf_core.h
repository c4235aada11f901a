// The ELF side of a vmcore: header, program headers and notes of a 64-bit little-endian core, each
// number of them bounded and checked against the file. What the file lacks of a segment costs that
// segment's pages and is counted as missing, with a warning; only headers that cannot be read at
// all cost the dump.
//
// Not here: the notes (elf_notes.h), what they mean (vmcoreinfo.h) and the memory (phys_memory.h).
// Source: the gABI's "Object Files" and Linux' fs/proc/vmcore.c.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "filter/base/address.h"
#include "filter/base/bytes.h"
#include "filter/base/file.h"
#include "filter/core_file/elf_notes.h"

namespace kdump {

// PT_LOADs that are kept. Far above what firmware memory maps and hot-plug produce, few enough to
// hold: 5 MiB.
constexpr uint32_t kMaxSegments = 1u << 17;
// Program headers that are read, to count what the PT_LOADs beyond kMaxSegments promise: 56 MiB.
constexpr uint32_t kMaxProgramHeaders = 1u << 20;
// The widest physical address that any supported architecture has.
constexpr uint64_t kMaxPaddr = 1ull << 52;

constexpr uint16_t kMachineX86_64 = 62;
constexpr uint16_t kMachineAarch64 = 183;

// A PT_LOAD, as far as the file holds it.
struct LoadSegment {
  Paddr paddr;
  Vaddr vaddr;
  uint64_t file_offset = 0;  // of the byte at paddr; need not be aligned
  uint64_t size_bytes = 0;   // in the file; beyond them lies a hole
  // What the header promises, at least size_bytes: the larger of p_memsz and what is in the file.
  uint64_t promised_bytes = 0;
};

class ElfCore {
 public:
  // Appends to `warnings`. Fails: unsupported (not an ELF64 little-endian core), corrupt
  // (truncated headers, no PT_LOAD), io.
  static Result<ElfCore> read(const File& file, std::vector<std::string>& warnings);

  uint16_t machine() const { return machine_; }
  uint64_t file_bytes() const { return file_bytes_; }  // no segment reaches beyond it
  // Ascending by paddr; they may overlap, as the kernel's text is mapped twice.
  std::span<const LoadSegment> segments() const { return segments_; }
  const ElfNotes& notes() const { return notes_; }
  // Memory that the program headers promise and the file lacks: beyond its end, at addresses that
  // no machine has, in more segments than are kept. Memory that two segments promise counts once.
  uint64_t missing_bytes() const { return missing_bytes_; }

 private:
  struct Flaws;

  void add_load(const Elf64_Phdr& entry, Flaws& flaws);
  void settle_sizes();
  void count_missing();

  uint16_t machine_ = 0;
  uint64_t file_bytes_ = 0;
  std::vector<LoadSegment> segments_;
  ElfNotes notes_;
  uint64_t missing_bytes_ = 0;
};

}  // namespace kdump
