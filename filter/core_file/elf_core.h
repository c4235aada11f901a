// Reads the ELF headers of a vmcore: the header, program headers and notes of a 64-bit
// little-endian core. Every number is bounded and checked against the file. A segment that the file
// truncates loses its missing pages only, which are counted with a warning; unreadable headers fail
// the dump.
//
// Not here: the notes (elf_notes.h), their meaning (vmcoreinfo.h) and the memory (phys_memory.h).
// Source: the gABI's "Object Files" and Linux' fs/proc/vmcore.c.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "filter/base/address.h"
#include "filter/base/byte_source.h"
#include "filter/base/bytes.h"
#include "filter/core_file/elf_notes.h"

namespace kdump {

// Maximum of PT_LOADs kept in memory (5 MiB). Firmware memory maps and memory hot-plug produce far
// fewer.
constexpr uint32_t kMaxSegments = 1u << 17;
// Maximum of program headers read, 56 MiB: PT_LOADs beyond kMaxSegments are only counted as
// missing.
constexpr uint32_t kMaxProgramHeaders = 1u << 20;
// Limit of physical addresses on the supported architectures (52 bits).
constexpr uint64_t kMaxPaddr = 1ull << 52;

// e_flags of a dump that lacks pages; makedumpfile's and crash's DUMP_ELF_INCOMPLETE.
constexpr uint32_t kElfIncomplete = 1;

constexpr uint16_t kMachineX86_64 = 62;
constexpr uint16_t kMachineAarch64 = 183;

// A PT_LOAD, cut to the part that the file contains.
struct LoadSegment {
  Paddr paddr;
  Vaddr vaddr;
  uint64_t file_offset = 0;  // of the byte at paddr; need not be aligned
  uint64_t size_bytes = 0;   // in the file; the rest of the segment is a hole
  // Size according to the header, at least size_bytes: the larger of p_memsz and size_bytes.
  uint64_t promised_bytes = 0;
};

struct MemoryRange;  // phys_memory.h

class ElfCore {
 public:
  // Reads the headers; appends to `warnings`. Fails: unsupported, if it is no little-endian ELF64
  // core; corrupt, if headers are truncated or there is no PT_LOAD; io.
  static Result<ElfCore> read(const ByteSource& file, std::vector<std::string>& warnings);
  // The core that describes a dump of another format. Its segments have no virtual addresses: their
  // vaddr is 0.
  static ElfCore of_pages(uint16_t machine, ElfNotes notes, std::span<const MemoryRange> ram,
                          uint64_t missing_bytes);

  uint16_t machine() const { return machine_; }
  uint64_t file_bytes() const { return file_bytes_; }  // no segment reaches beyond it
  // Ascending by paddr. They may overlap: the kernel's text is mapped twice.
  std::span<const LoadSegment> segments() const { return segments_; }
  const ElfNotes& notes() const { return notes_; }
  // Memory that the program headers describe and the file does not contain: beyond its end, above
  // kMaxPaddr, or in segments beyond kMaxSegments. Overlapping segments count once.
  uint64_t missing_bytes() const { return missing_bytes_; }
  // kElfIncomplete is set.
  bool is_incomplete() const { return is_incomplete_; }

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
  bool is_incomplete_ = false;
};

}  // namespace kdump
