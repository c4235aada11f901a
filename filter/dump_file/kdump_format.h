// The kdump-compressed file format, version 6, on disk: little-endian, 64-bit, in units of
// block_size, which is the page size. Field names are those of the format. docs/format.md describes
// the values written and what readers require.
#pragma once

#include <cstddef>
#include <cstdint>

#include "filter/base/utsname.h"

namespace kdump::kdump_format {

constexpr char kSignature[8] = {'K', 'D', 'U', 'M', 'P', ' ', ' ', ' '};
constexpr int32_t kVersion = 6;

// Header.status and, for a page, PageDescriptor.flags.
constexpr uint32_t kCompressedZlib = 0x1, kCompressedLzo = 0x2, kCompressedSnappy = 0x4,
                   kCompressedZstd = 0x20;
constexpr uint32_t kCompressions =
    kCompressedZlib | kCompressedLzo | kCompressedSnappy | kCompressedZstd;
// Header.status alone.
constexpr uint32_t kIncomplete = 0x8;

// Block 0.
struct Header {
  char signature[8];
  int32_t header_version;
  Utsname utsname;
  uint8_t padding[6];
  int64_t timestamp_s;
  // Always 0: libkdumpfile tries the 32-bit layout first, which has block_size here, and would
  // accept a plausible value.
  int64_t timestamp_us;
  uint32_t status;
  int32_t block_size;
  int32_t sub_hdr_size;    // blocks
  uint32_t bitmap_blocks;  // of both bitmaps
  uint32_t max_mapnr;      // superseded by SubHeader.max_mapnr_64
  uint32_t total_ram_blocks;
  uint32_t device_blocks;
  uint32_t written_blocks;
  uint32_t current_cpu;
  int32_t nr_cpus;
};
static_assert(sizeof(Header) == 464 && offsetof(Header, timestamp_s) == 408 &&
              offsetof(Header, status) == 424);

// Block 1; the notes follow it.
struct SubHeader {
  uint64_t phys_base;
  int32_t dump_level;
  int32_t split;
  uint64_t start_pfn, end_pfn;
  uint64_t offset_vmcoreinfo, size_vmcoreinfo;
  uint64_t offset_note, size_note;
  uint64_t offset_eraseinfo, size_eraseinfo;
  uint64_t start_pfn_64, end_pfn_64, max_mapnr_64;
};
static_assert(sizeof(SubHeader) == 104);

// One for each set bit of the second bitmap, in order.
struct PageDescriptor {
  uint64_t offset;
  uint32_t size;
  uint32_t flags;
  uint64_t page_flags;
};
static_assert(sizeof(PageDescriptor) == 24);

}  // namespace kdump::kdump_format
