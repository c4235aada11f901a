// The checksums inside a dump, as they lie on disk: a trailer behind the data, and its announcement
// where readers look at nothing. Numbers are little-endian, sums are linear_crc32c(). They find
// accidents, not malice. docs/format.md has the reasons.
#pragma once

#include <cstdint>

namespace kdump::sums_format {

// At a multiple of kAlignment, behind everything else. The sums follow it; in an ELF dump the
// sections' names and headers follow them.
struct Trailer {
  char magic[8];
  uint32_t crc;            // of all total_bytes, with this field zero
  uint32_t total_bytes;    // of the trailer, with what follows it
  uint64_t covered_bytes;  // the trailer's own offset: everything before it has a sum
  uint64_t chunk_bytes;    // a power of two; the last chunk counts as if zeros followed it
  uint32_t chunks;
  uint32_t reserved;
};
static_assert(sizeof(Trailer) == 40);
constexpr char kTrailerMagic[8] = {'K', 'D', 'S', 'U', 'M', 'S', '\0', '\1'};
constexpr uint64_t kAlignment = 4096;
constexpr uint64_t kMinChunk = 1 << 20;
// 4096 sums, and what ELF adds.
constexpr uint32_t kMaxTrailerBytes = sizeof(Trailer) + 4 * 4096 + 512;

// kdump-compressed: in block 0, whose first 464 bytes alone are the format's.
struct Announcement {
  char magic[8];
  uint32_t crc;  // of this, with the field zero
  uint32_t trailer_bytes;
  uint64_t trailer_offset;
};
static_assert(sizeof(Announcement) == 24);
constexpr uint64_t kAnnouncementOffset = 1000;
constexpr char kAnnouncementMagic[8] = {'K', 'D', 'S', 'U', 'M', 'S', '@', '\1'};

// ELF: a section of this name, and a mark in the padding of e_ident.
constexpr char kSectionName[] = ".kdump-init.sums";
constexpr unsigned kIdentOffset = 9;  // EI_PAD
constexpr char kIdentMark[6] = {'K', 'D', 'S', 'U', 'M', 'S'};

// Flattened: a mark at the end of the stream's header, and behind the stream's end marker the sum
// of all that comes before it.
constexpr uint64_t kStreamMarkOffset = 4088;
constexpr char kStreamMark[8] = {'K', 'D', 'S', 'U', 'M', 'S', '>', '\1'};
struct StreamEnd {
  char magic[8];
  uint32_t crc, crc_inverted;
};
static_assert(sizeof(StreamEnd) == 16);
constexpr char kStreamEndMagic[8] = {'K', 'D', 'S', 'U', 'M', 'S', '<', '\1'};

}  // namespace kdump::sums_format
