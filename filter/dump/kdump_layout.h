// Where the parts of a kdump-compressed file lie, and its headers. Pure: writes nothing.
#pragma once

#include "filter/dump/dump_writer.h"
#include "filter/dump/kdump_format.h"

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
  uint64_t gap_bytes = 0;         // below data; never written and without room: 0 if gaps take room
  uint64_t limit = UINT64_MAX;    // offset where options.max_bytes ends the data

  // Fails: unsupported, if the bitmaps would not fit the format; no_space, if options.max_bytes
  // leaves no room for pages.
  static Result<KdumpLayout> make(uint64_t end_pfn, uint32_t page_size, const DumpHeader& header,
                                  const DumpOptions& options);
};

// What the two bitmaps take of a dump. They reach to the highest page frame: where memory lies far
// up and is small they can be larger than all of it.
uint64_t kdump_bitmap_bytes(uint64_t end_pfn, uint32_t page_size);

// status: kdump_format's flags.
kdump_format::Header make_kdump_header(const KdumpLayout& layout, const DumpHeader& header,
                                       uint64_t end_pfn, uint32_t status, uint64_t pages_written);
kdump_format::SubHeader make_kdump_sub_header(const KdumpLayout& layout, const DumpHeader& header,
                                              uint64_t end_pfn, uint32_t level);

}  // namespace kdump
