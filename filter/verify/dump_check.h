// Checks a finished dump: its structure, that every page is present, and that zstd frames
// decompress to pages. The input is hostile; memory is bounded.
#pragma once

#include <string>
#include <vector>

#include "filter/base/progress.h"
#include "filter/verify/dump_file.h"

namespace kdump {

struct DumpCheck {
  const char* format = "";     // "kdump", "ELF"
  bool is_incomplete = false;  // marked incomplete
  uint64_t pages = 0;          // present
  uint64_t damaged_pages = 0;
  // Pages in an unsupported compression (zlib, lzo, snappy): only their location is checked.
  uint64_t unchecked_pages = 0;
  uint64_t bytes_read = 0;
  // The first damages found, one sentence each; damage_count counts all.
  std::vector<std::string> damages;
  uint64_t damage_count = 0;
  // The first malformed note; empty: none. It counts as damage unless checksums show that the file
  // is unchanged: the note may have been malformed in the vmcore.
  std::string bad_note;

  bool is_sound() const { return damage_count == 0; }
  // Adds a damage.
  [[gnu::format(printf, 2, 3)]] void damage(const char* format_text, ...);
};

// Checks a dump of any known format. Fails: unsupported, for an unknown format; io, if the header
// cannot be read; as progress.may_continue() does.
Result<DumpCheck> check_dump_file(const DumpFile& file, Progress& progress);

// The checks of the formats.
void check_kdump(const DumpFile& file, Progress& progress, DumpCheck& check);
void check_elf(const DumpFile& file, Progress& progress, DumpCheck& check);
// Checks that each ELF note lies within `notes`; for both formats.
void check_notes(Bytes notes, DumpCheck& check);

}  // namespace kdump
