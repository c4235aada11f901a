// Collects the notes of a vmcore from all PT_NOTE segments. A malformed note ends its segment; the
// other segments are still read. The well-formed notes are stored contiguously, so that a reader of
// the dump finds all of them.
//
// Not here: the meaning of a note (vmcoreinfo.h, cpu_registers.h).
// Source: the gABI's "Note Section"; binutils for segments whose alignment is 8.
#pragma once

#include <elf.h>

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/byte_source.h"
#include "filter/base/bytes.h"

namespace kdump {

// Maximum of notes held in memory for the dump: 8192 CPUs need 3 MiB of NT_PRSTATUS.
constexpr uint64_t kMaxNotesBytes = 4u << 20;
// The part of kMaxNotesBytes reserved for VMCOREINFO, which has a page in the kernel.
constexpr uint64_t kVmcoreinfoReserve = 64u << 10;
// Maximum of bytes read over all PT_NOTEs; at most kMaxNotesBytes of each.
constexpr uint64_t kMaxNotesSearched = 16 * kMaxNotesBytes;

struct Note {
  std::string_view name;  // without the terminating NUL
  uint32_t type = 0;
  Bytes desc;
  uint64_t desc_file_offset = 0;
};

class ElfNotes {
 public:
  // Appends the notes of one PT_NOTE; bytes that cannot be read are counted for warn().
  void add(const ByteSource& file, uint64_t file_bytes, const Elf64_Phdr& segment);
  // Appends a VMCOREINFO note with this text, as the kernel makes it.
  void add_vmcoreinfo(Bytes text, uint64_t file_offset);
  // Appends at most two warnings about notes that add() left out. path: for the text.
  void warn(const char* path, std::vector<std::string>& warnings) const;

  // Returns all notes, aligned to 4 bytes, in the form of a dump's PT_NOTE.
  Bytes bytes() const { return bytes_; }

  // Calls visit(note) for each until it returns false.
  template <class Visit>
  void each(Visit visit) const {
    for (const Place& place : places_)
      if (!visit(note_at(place))) return;
  }

 private:
  struct Place {
    uint32_t at = 0;  // in bytes_
    uint64_t desc_file_offset = 0;
  };

  Note note_at(const Place& place) const;
  void keep(Bytes segment, uint64_t file_offset, size_t alignment);

  std::vector<uint8_t> bytes_;
  std::vector<Place> places_;
  uint64_t searched_bytes_ = 0, lost_bytes_ = 0;
  std::string read_error_;  // the first one
};

}  // namespace kdump
