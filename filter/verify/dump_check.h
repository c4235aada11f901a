// Whether a finished dump is sound: its structure, and that every page is there, and decompresses
// to a page where it is a zstd frame. Hostile input: nothing read is believed, memory is bounded
// whatever the file says.
#pragma once

#include <string>
#include <vector>

#include "filter/base/progress.h"
#include "filter/verify/dump_file.h"

namespace kdump {

struct DumpCheck {
  const char* format = "";     // "kdump", "ELF"
  bool is_incomplete = false;  // it says of itself that it lacks pages
  uint64_t pages = 0;          // that are there
  uint64_t damaged_pages = 0;
  // Pages in a compression that is not known here (zlib, lzo, snappy): only their place is checked.
  uint64_t unchecked_pages = 0;
  uint64_t bytes_read = 0;
  // What is wrong, a sentence each, the first ones.
  std::vector<std::string> damages;
  uint64_t damage_count = 0;
  // The first malformed note, which may have been so in the vmcore already: damage, unless
  // checksums show that the file is as it was written. Empty: none.
  std::string bad_note;

  bool is_sound() const { return damage_count == 0; }
  [[gnu::format(printf, 2, 3)]] void damage(const char* format_text, ...);
};

// Fails: unsupported, if the file has no known form; io, if its beginning cannot be read.
Result<DumpCheck> check_dump_file(const DumpFile& file, Progress& progress);

// The forms' own.
void check_kdump(const DumpFile& file, Progress& progress, DumpCheck& check);
void check_elf(const DumpFile& file, Progress& progress, DumpCheck& check);
// The ELF notes of either: that each lies within them.
void check_notes(Bytes notes, DumpCheck& check);

}  // namespace kdump
