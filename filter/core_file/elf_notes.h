// The notes of a vmcore, from all of its PT_NOTE segments. Each segment is walked by itself: what
// is malformed there ends that segment alone. The well-formed notes are kept one after the other,
// so that every reader of the dump finds all of them.
//
// Not here: what a note means (vmcoreinfo.h, cpu_registers.h).
// Source: the gABI's "Note Section"; binutils for segments whose alignment is 8.
#pragma once

#include <elf.h>

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/bytes.h"
#include "filter/base/file.h"

namespace kdump {

// 8192 CPUs need 3 MiB of NT_PRSTATUS; held in memory, for they go into the dump.
constexpr uint64_t kMaxNotesBytes = 4u << 20;
// Of this, the last is left to VMCOREINFO: the kernel gives it a page.
constexpr uint64_t kVmcoreinfoReserve = 64u << 10;
// Read in search of notes, over all PT_NOTEs; of each one at most kMaxNotesBytes.
constexpr uint64_t kMaxNotesSearched = 16 * kMaxNotesBytes;

struct Note {
  std::string_view name;  // without the terminating NUL
  uint32_t type = 0;
  Bytes desc;
  uint64_t desc_file_offset = 0;
};

class ElfNotes {
 public:
  // Appends the notes of one PT_NOTE; what it lacks is counted.
  void add(const File& file, uint64_t file_bytes, const Elf64_Phdr& segment);
  // Appends to `warnings` what add() left out: at most two sentences.
  void warn(const char* path, std::vector<std::string>& warnings) const;

  // All of them, aligned to 4 bytes, as a PT_NOTE of a dump has them.
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
