// The layout of a kdump-compressed file, and its headers. Pure: writes nothing.
#pragma once

#include "filter/dump/dump_writer.h"
#include "filter/dump_file/kdump_format.h"

namespace kdump {

struct KdumpLayout {
  uint64_t block_size = 0;
  uint64_t notes_offset = 0;      // after the sub-header, which lies at block_size
  uint64_t ram_bitmap = 0;        // offset of bitmap 1
  uint64_t dumped_bitmap = 0;     // offset of bitmap 2
  uint64_t bitmap_bytes = 0;      // of each
  uint64_t descriptors = 0;       // offset of the table
  uint64_t descriptor_count = 0;  // entries reserved
  uint64_t data = 0;              // offset of the first page's bytes
  uint64_t windows = 0;           // windows that may have RAM
  uint64_t gap_bytes = 0;         // holes of the bitmaps; 0 with options.no_sparse_files
  uint64_t limit = UINT64_MAX;    // end of the data according to options.max_bytes

  // Fails: unsupported, if the bitmaps exceed the format's limits; no_space, if options.max_bytes
  // leaves no space for pages.
  static Result<KdumpLayout> make(uint64_t end_pfn, uint32_t page_size, const DumpHeader& header,
                                  const DumpOptions& options);
};

// Returns the size of both bitmaps, bytes. They reach to the highest page frame, so that they can
// be larger than the memory if it lies at high addresses.
uint64_t kdump_bitmap_bytes(uint64_t end_pfn, uint32_t page_size);

// status: kdump_format's flags.
kdump_format::Header make_kdump_header(const KdumpLayout& layout, const DumpHeader& header,
                                       uint64_t end_pfn, uint32_t status, uint64_t pages_written);
kdump_format::SubHeader make_kdump_sub_header(const KdumpLayout& layout, const DumpHeader& header,
                                              uint64_t end_pfn, uint32_t level);

}  // namespace kdump
