// The headers of a kdump-compressed file, version 1 to 6, checked against the file: where its
// parts lie and what they say of the machine.
// Source: crash, makedumpfile (the disk_dump_header of each); docs/format.md.
#pragma once

#include "filter/dump_file/dump_file.h"
#include "filter/dump_file/kdump_format.h"

namespace kdump {

struct KdumpFile {
  // Fails: unsupported, for a dump of a big-endian or 32-bit machine, with what its header says of
  // it; corrupt; io.
  static Result<KdumpFile> read(const DumpFile& file);

  bool is_incomplete() const { return header.status & kdump_format::kIncomplete; }
  // The parts of a split dump hold the pages of [start_pfn, end_pfn) each.
  bool is_part() const { return sub.split != 0; }

  kdump_format::Header header{};
  kdump_format::SubHeader sub{};  // fields that the version lacks are zero
  uint32_t block_size = 0;
  uint64_t ram_bitmap = 0, dumped_bitmap = 0;  // offsets
  uint64_t bitmap_bytes = 0;                   // of each
  uint64_t descriptors = 0;                    // offset of the table
  uint64_t end_pfn = 0;                        // one past the highest page frame of the bitmaps
  uint64_t part_begin = 0, part_end = 0;       // page frames whose descriptors are in this file
};

// "zstd", "zlib", "lzo", "snappy", "none"; of the header's status.
const char* compression_name(uint32_t status);

}  // namespace kdump
