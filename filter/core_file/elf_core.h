// The ELF side of a vmcore: header, program headers and notes of a 64-bit little-endian core, each
// number of them bounded and checked against the file. What the file lacks of a segment costs that
// segment's pages, with a warning; only headers that cannot be read at all cost the dump.
//
// Not here: what the notes mean (vmcoreinfo.h) and the memory itself (phys_memory.h).
// Source: the gABI's "Object Files" and Linux' fs/proc/vmcore.c.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filter/base/address.h"
#include "filter/base/bytes.h"
#include "filter/base/file.h"

namespace kdump {

// Far above what firmware memory maps and hot-plug produce, few enough to hold: 5 MiB.
constexpr uint32_t kMaxSegments = 1u << 17;
// 8192 CPUs need 3 MiB of NT_PRSTATUS; held in memory, for they go into the dump.
constexpr uint64_t kMaxNotesBytes = 4u << 20;
// The widest physical address that any supported architecture has.
constexpr uint64_t kMaxPaddr = 1ull << 52;

constexpr uint16_t kMachineX86_64 = 62;
constexpr uint16_t kMachineAarch64 = 183;

// A PT_LOAD, as far as the file holds it.
struct LoadSegment {
  Paddr paddr;
  Vaddr vaddr;
  uint64_t file_offset = 0;  // of the byte at paddr; need not be aligned
  uint64_t size_bytes = 0;   // p_filesz, cut at the end of file; beyond it lies a hole
};

struct Note {
  std::string_view name;  // without the terminating NUL
  uint32_t type = 0;
  Bytes desc;
  uint64_t desc_offset = 0;  // in ElfCore::notes()
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
  // All PT_NOTE segments one after the other; nearly always there is one.
  Bytes notes() const { return notes_; }
  uint64_t notes_file_offset() const { return notes_file_offset_; }  // of the first

  // Calls visit(note) for each well-formed note until it returns false.
  template <class Visit>
  void each_note(Visit visit) const {
    Note note;
    for (size_t at = 0; next_note(at, note);)
      if (!visit(note)) return;
  }

 private:
  bool next_note(size_t& at, Note& out) const;

  uint16_t machine_ = 0;
  uint64_t file_bytes_ = 0;
  std::vector<LoadSegment> segments_;
  std::vector<uint8_t> notes_;
  uint64_t notes_file_offset_ = 0;
};

}  // namespace kdump
