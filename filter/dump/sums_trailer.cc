#include "filter/dump/sums_trailer.h"

#include <algorithm>

#include "filter/base/aligned_buffer.h"
#include "filter/base/crc32c.h"

namespace kdump {
namespace {

using namespace sums_format;

// Names of the sections, from their first byte on: "", kSectionName, ".shstrtab".
constexpr char kNames[40] = "\0.kdump-init.sums\0.shstrtab";
constexpr uint32_t kSumsName = 1, kNamesName = kSumsName + sizeof kSectionName;
static_assert(sizeof kNames % alignof(Elf64_Shdr) == 0);

uint64_t chunks_of(const ChunkSums& sums, uint64_t covered) {
  return covered / sums.chunk_bytes() + (covered % sums.chunk_bytes() != 0);
}

uint64_t bytes_of_sums(uint64_t chunks) {
  return align_up(sizeof(Trailer) + chunks * sizeof(uint32_t), alignof(Elf64_Shdr));
}

}  // namespace

SumsPlace place_sums(const ChunkSums& sums, bool is_elf) {
  SumsPlace place{.offset = align_up(sums.end(), kAlignment)};
  uint64_t bytes = bytes_of_sums(chunks_of(sums, place.offset));
  if (is_elf) {
    place.section_headers = place.offset + bytes + sizeof kNames;
    bytes += sizeof kNames + kSumsSections * sizeof(Elf64_Shdr);
  }
  place.bytes = static_cast<uint32_t>(bytes);
  return place;
}

std::vector<uint8_t> make_sums_trailer(const ChunkSums& sums, const SumsPlace& place,
                                       uint32_t program_headers) {
  std::vector<uint8_t> out(place.bytes);
  Trailer trailer{};
  memcpy(trailer.magic, kTrailerMagic, sizeof trailer.magic);
  trailer.total_bytes = place.bytes;
  trailer.covered_bytes = place.offset;
  trailer.chunk_bytes = sums.chunk_bytes();
  trailer.chunks = static_cast<uint32_t>(chunks_of(sums, place.offset));
  for (uint64_t i = 0; i < std::min<uint64_t>(trailer.chunks, sums.chunks()); ++i) {
    const uint32_t sum = sums.sum(i);
    memcpy(out.data() + sizeof trailer + i * sizeof sum, &sum, sizeof sum);
  }
  if (place.section_headers != 0) {
    const uint64_t names = place.section_headers - place.offset - sizeof kNames;
    memcpy(out.data() + names, kNames, sizeof kNames);
    Elf64_Shdr sections[kSumsSections] = {};
    sections[0].sh_info = program_headers;
    sections[1].sh_name = kSumsName;
    sections[1].sh_type = SHT_PROGBITS;
    sections[1].sh_offset = place.offset;
    sections[1].sh_size = sizeof trailer + trailer.chunks * sizeof(uint32_t);
    sections[1].sh_addralign = alignof(Elf64_Shdr);
    sections[2].sh_name = kNamesName;
    sections[2].sh_type = SHT_STRTAB;
    sections[2].sh_offset = place.offset + names;
    sections[2].sh_size = sizeof kNames;
    sections[2].sh_addralign = 1;
    memcpy(out.data() + names + sizeof kNames, sections, sizeof sections);
  }
  memcpy(out.data(), &trailer, sizeof trailer);
  trailer.crc = linear_crc32c(out);
  memcpy(out.data(), &trailer, sizeof trailer);
  return out;
}

uint64_t sums_reserve(uint64_t max_bytes) {
  constexpr uint64_t kMaxSums = 4096;
  const uint64_t sums = std::min(max_bytes / kMinChunk + 1, kMaxSums);
  const uint64_t bytes = kAlignment + sizeof(Trailer) + sums * sizeof(uint32_t) + 512;
  return bytes <= max_bytes / 8 ? bytes : 0;
}

void announce_sums(const SumsPlace& place, MutableBytes block) {
  Announcement out{};
  memcpy(out.magic, kAnnouncementMagic, sizeof out.magic);
  out.trailer_bytes = place.bytes;
  out.trailer_offset = place.offset;
  out.crc = linear_crc32c(bytes_of(out));
  memcpy(block.data() + kAnnouncementOffset, &out, sizeof out);
}

void announce_sums(const SumsPlace& place, Elf64_Ehdr& header) {
  memcpy(header.e_ident + kIdentOffset, kIdentMark, sizeof kIdentMark);
  header.e_shoff = place.section_headers;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = kSumsSections;
  header.e_shstrndx = 2;
}

}  // namespace kdump
