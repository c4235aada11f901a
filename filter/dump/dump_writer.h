// Writing a dump: from a PageSource to a Sink, in one pass, in bounded memory.
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
  int level = 1;  // zstd's from 1 on; below it PageEncoder, which is faster

  // Of a fixed setting. `automatic` follows the speed of the target (level_governor.h): this is
  // what estimates go by.
  int zstd_level() const { return kind == Kind::zstd ? level : 1; }
};

struct DumpOptions {
  Format format = Format::kdump;
  Compression compression = {};
  uint32_t level = 31;   // dump level; selects zero pages, and is recorded in the sub-header
  uint32_t threads = 1;  // the dump is the same for any number, but for `automatic`
  uint64_t max_bytes = UINT64_MAX;  // a dump that would grow beyond this is truncated there
  // Bytes that are never written count in max_bytes and in sizes: the target has no sparse files.
  bool gaps_take_room = true;
  // The plan's count of kept pages: sizes the descriptor table, and is progress' total.
  // 0: unknown, every page frame may be kept.
  uint64_t expected_pages = 0;
  uint32_t expected_segments = 0;  // the plan's count of ELF segments at this level
  // For buffers, whatever the number of threads; each thread takes its zstd workspace, a few
  // hundred KiB, on top of it. From 256 KiB; more than 4 MiB gains nothing.
  uint64_t memory_bytes = 4 << 20;
};

// The contents of a dump's headers.
struct DumpHeader : Utsname {
  int64_t crash_time_s = 0;
  uint32_t cpus = 1;
  uint64_t phys_base = 0;
  uint64_t ram_pages = 0;
  Bytes notes;       // the PT_NOTE segment, whole; empty if there is none
  Bytes vmcoreinfo;  // the part of `notes` that is VMCOREINFO's text; empty if none
  // Virtual address of a physical one in the crashed kernel's direct map, for ELF: p_vaddr =
  // paddr + vaddr_offset for each original segment.
  struct Segment {
    Paddr paddr;
    uint64_t size_bytes;
    Vaddr vaddr;
  };
  std::span<const Segment> segments;  // the vmcore's PT_LOADs, ascending by paddr
  uint16_t elf_machine = 0;
};

struct DumpResult {
  bool complete = true;        // false: ends early; marked so in the dump
  Error why;                   // if not complete
  uint64_t bytes_written = 0;  // to the sink
  uint64_t end_offset = 0;     // one past the highest byte
  uint64_t pages_written = 0;  // with content of their own
  uint64_t pages_zero = 0;
  uint64_t pages_unreadable = 0;
  uint64_t pages_dropped = 0;  // kept by the filter but beyond the reserved table or the space
};

// Writes one dump. Fails only where the sink does (other than for space) or the headers cannot
// be made. A dump that is interrupted at any write is valid so far, and marked incomplete.
Result<DumpResult> write_dump(PageSource& pages, const DumpHeader& header,
                              const DumpOptions& options, Sink& sink, Progress& progress);

// So many kept pages are compressed for an estimate.
constexpr uint64_t kSamplePages = 2048;

// What a dump cannot outgrow, from the counts of `options` and `header` alone: as if no page of it
// became smaller. options.max_bytes does not matter.
Result<uint64_t> most_dump_bytes(const PageSource& pages, const DumpHeader& header,
                                 const DumpOptions& options);

// How many bytes a dump would need. kdump: headers and tables exactly, and the kept pages by a
// sample spread evenly over them, plus three standard errors of it. ELF: the length of the file,
// holes for pages of zeros included. The parts of kdump's bitmaps where no memory lies count with
// options.gaps_take_room only. Never zero. options.max_bytes does not matter.
Result<uint64_t> estimate_dump_bytes(PageSource& pages, const DumpHeader& header,
                                     const DumpOptions& options);

}  // namespace kdump
