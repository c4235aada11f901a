// Writes a dump from a PageSource to a Sink, in one pass and bounded memory.
#pragma once

#include <optional>
#include <string>

#include "filter/base/progress.h"
#include "filter/base/sink.h"
#include "filter/base/utsname.h"
#include "filter/pages/page_source.h"

namespace kdump {

enum class Format : uint8_t { kdump, elf };

struct Compression {
  enum class Kind : uint8_t { automatic, zstd, none };
  Kind kind = Kind::automatic;
  int level = 1;  // zstd's level; below 1 the faster PageEncoder

  // Returns the level for estimates: `automatic` follows the speed of the target
  // (level_governor.h) and counts as 1.
  int zstd_level() const { return kind == Kind::zstd ? level : 1; }
};

struct DumpOptions {
  Format format = Format::kdump;
  Compression compression = {};
  uint32_t level = 31;   // dump level; selects pages of zeros, and is recorded in the sub-header
  uint32_t threads = 1;  // does not change the dump, except with `automatic`
  uint64_t max_bytes = UINT64_MAX;  // a larger dump is truncated here
  // Gaps count in max_bytes and in sizes.
  bool no_sparse_files = true;
  // Bytes kept free within max_bytes for the dump's checksums. 0: it has none. Set by write_dump().
  uint64_t sums_bytes = 0;
  // The plan's count of kept pages: the size of the descriptor table and the total of the progress.
  // 0: unknown, every page frame may be kept.
  uint64_t expected_pages = 0;
  uint32_t expected_segments = 0;  // the plan's count of ELF segments at this level
  // Memory for the buffers of all threads, at least 256 KiB; above 4 MiB brings no gain. Each
  // thread needs a few hundred KiB more for its zstd workspace.
  uint64_t memory_bytes = 4 << 20;
};

// The contents of a dump's headers.
struct DumpHeader : Utsname {
  int64_t crash_time_s = 0;
  uint32_t cpus = 1;
  uint64_t phys_base = 0;
  uint64_t ram_pages = 0;
  Bytes notes;       // the whole PT_NOTE segment; empty if there is none
  Bytes vmcoreinfo;  // the text of VMCOREINFO within `notes`; empty if there is none
  // The physical and virtual address of an original segment, for p_vaddr of ELF dumps.
  struct Segment {
    Paddr paddr;
    uint64_t size_bytes;
    Vaddr vaddr;
  };
  std::span<const Segment> segments;  // the vmcore's PT_LOADs, ascending by paddr
  uint16_t elf_machine = 0;
  bool is_incomplete = false;  // the memory itself lacks pages: the dump of it is marked so
};

struct DumpResult {
  bool complete = true;        // false: the dump ends early and is marked incomplete
  Error why;                   // the reason, if not complete
  uint64_t bytes_written = 0;  // to the sink
  uint64_t end_offset = 0;     // one past the highest byte
  uint64_t pages_written = 0;  // with their own data, not by reference
  uint64_t pages_zero = 0;
  uint64_t pages_unreadable = 0;
  uint64_t pages_dropped = 0;  // kept, but beyond the descriptor table or max_bytes
};

// Writes one dump. Fails: as the sink does, except no_space, which ends the dump; unsupported or
// no_space, if the headers cannot be made. After an interruption at any write the dump is valid up
// to there and marked incomplete.
Result<DumpResult> write_dump(PageSource& pages, const DumpHeader& header,
                              const DumpOptions& options, Sink& sink, Progress& progress);

// Number of kept pages that an estimate compresses.
constexpr uint64_t kSamplePages = 2048;

// Returns an upper bound of the dump's size: headers, tables and uncompressed pages, from the
// counts in `options` and `header`. Ignores options.max_bytes.
Result<uint64_t> max_dump_bytes(const PageSource& pages, const DumpHeader& header,
                                const DumpOptions& options);

// Returns the estimated size of a dump, bytes, at least 1. kdump: the exact size of headers and
// tables, and the size of the kept pages by an evenly spread sample plus three standard errors.
// ELF: the length of the file, with holes for pages of zeros. Parts of kdump's bitmaps without
// memory count only with options.no_sparse_files. Ignores options.max_bytes.
Result<uint64_t> estimate_dump_bytes(PageSource& pages, const DumpHeader& header,
                                     const DumpOptions& options);

}  // namespace kdump
