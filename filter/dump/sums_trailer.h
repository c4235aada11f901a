// Makes the trailer of checksums (dump_file/sums_format.h) of a dump that was written. Pure: writes
// nothing.
#pragma once

#include <elf.h>

#include <vector>

#include "filter/dump/output/chunk_sums.h"
#include "filter/dump_file/sums_format.h"

namespace kdump {

// Where the trailer will lie, behind everything that was written.
struct SumsPlace {
  uint64_t offset = 0;
  uint32_t bytes = 0;
  uint64_t section_headers = 0;  // offset; ELF only
};

constexpr unsigned kSumsSections = 3;  // none, the sums, the names

SumsPlace place_sums(const ChunkSums& sums, bool is_elf);

// sums: with the dump's final header in them. program_headers: their number, for ELF's section 0;
// 0 where the ELF header says it.
std::vector<uint8_t> make_sums_trailer(const ChunkSums& sums, const SumsPlace& place,
                                       uint32_t program_headers);

// Bytes of a dump of at most max_bytes that the trailer may need. 0: too little for one.
uint64_t sums_reserve(uint64_t max_bytes);

// Puts the announcement into a kdump-compressed file's first block.
void announce_sums(const SumsPlace& place, MutableBytes block);
void announce_sums(const SumsPlace& place, Elf64_Ehdr& header);

}  // namespace kdump
