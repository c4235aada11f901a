// Checks a finished dump: its structure, that every page is present, and that zstd frames
// decompress to pages. The input is hostile; memory is bounded.
#pragma once

#include <string>
#include <vector>

#include "filter/base/progress.h"
#include "filter/dump_file/dump_file.h"

namespace kdump {

struct DumpCheck {
  enum class Format : uint8_t { kdump, elf };
  enum class Sums : uint8_t { none, match, differ };
  struct Range {
    uint64_t begin = 0, end = 0;  // offsets
  };

  Format format = Format::kdump;
  Sums sums = Sums::none;         // the checksums inside the dump
  std::vector<Range> bad_ranges;  // whose checksums do not match, ascending
  uint64_t suspect_pages = 0;     // whose data or descriptor lies in a bad range
  bool is_incomplete = false;     // marked incomplete
  uint64_t pages = 0;             // present
  uint64_t damaged_pages = 0;
  uint64_t bytes_read = 0;
  // The first damages found, one sentence each; damage_count counts all.
  std::vector<std::string> damages;
  uint64_t damage_count = 0;
  // The first malformed note; empty: none. It counts as damage unless checksums show that the file
  // is unchanged: the note may have been malformed in the vmcore.
  std::string bad_note;

  bool is_sound() const { return damage_count == 0; }
  // Whether a byte of [offset, offset + size) lies in a bad range.
  bool is_suspect(uint64_t offset, uint64_t size) const;
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
