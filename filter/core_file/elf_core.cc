#include "filter/core_file/elf_core.h"

#include <elf.h>

#include <algorithm>
#include <utility>

#include "filter/base/saturate.h"
#include "filter/base/text.h"
#include "filter/core_file/phys_memory.h"

namespace kdump {
namespace {

// Program headers are read in batches: one read each would be slow, all at once may be many.
constexpr size_t kBatch = 512;

Result<Elf64_Ehdr> read_header(const ByteSource& file) {
  Elf64_Ehdr header{};
  const size_t got =
      TRY(file.read_some_at(0, {reinterpret_cast<uint8_t*>(&header), sizeof header}));
  if (got < SELFMAG || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(Kind::unsupported,
                "%s is no dump: at offset 0 it begins neither as ELF nor as kdump", file.path());
  if (got < EI_NIDENT)
    return fail(Kind::corrupt, "%s: the ELF header ends at offset %zu", file.path(), got);
  if (header.e_ident[EI_CLASS] != ELFCLASS64)
    return fail(Kind::unsupported, "%s is not a 64-bit ELF file: class %u at offset %d",
                file.path(), header.e_ident[EI_CLASS], EI_CLASS);
  if (header.e_ident[EI_DATA] != ELFDATA2LSB)
    return fail(Kind::unsupported, "%s is not little-endian: data encoding %u at offset %d",
                file.path(), header.e_ident[EI_DATA], EI_DATA);
  if (got < sizeof header)
    return fail(Kind::corrupt, "%s: the ELF header ends at offset %zu", file.path(), got);
  if (header.e_type != ET_CORE)
    return fail(Kind::unsupported, "%s is not a core file: ELF type %u at offset %zu", file.path(),
                header.e_type, offsetof(Elf64_Ehdr, e_type));
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return fail(Kind::corrupt,
                "%s: invalid size of program headers '%u': expected %zu (offset %zu)", file.path(),
                header.e_phentsize, sizeof(Elf64_Phdr), offsetof(Elf64_Ehdr, e_phentsize));
  return header;
}

// With 65,535 or more program headers, the first section header holds their number.
Result<uint32_t> count_program_headers(const ByteSource& file, const Elf64_Ehdr& header) {
  if (header.e_phnum != PN_XNUM) return header.e_phnum;
  Elf64_Shdr section{};
  const Result<> got =
      file.read_at(header.e_shoff, {reinterpret_cast<uint8_t*>(&section), sizeof section});
  if (!got) return wrap(got.error(), "number of program headers");
  return section.sh_info;
}

}  // namespace

// What is wrong with PT_LOADs: how many of them, for a warning a kind.
struct ElfCore::Flaws {
  uint64_t cut = 0;           // by the end of the file
  uint64_t out_of_range = 0;  // in whole or part
  uint64_t too_many = 0;
  uint64_t too_short = 0;  // p_filesz below p_memsz
  uint64_t too_long = 0;   // p_filesz above p_memsz

  void warn(const char* path, uint64_t file_bytes, std::vector<std::string>& warnings) const;
};

Result<ElfCore> ElfCore::read(const ByteSource& file, std::vector<std::string>& warnings) {
  const uint64_t file_bytes = TRY(file.size());
  const Elf64_Ehdr header = TRY(read_header(file));
  const uint32_t count = TRY(count_program_headers(file, header));
  const uint64_t in_file =
      header.e_phoff < file_bytes ? (file_bytes - header.e_phoff) / sizeof(Elf64_Phdr) : 0;
  if (in_file < std::min(count, kMaxSegments))
    return fail(Kind::corrupt,
                "%s is truncated: %u program headers at offset %#" PRIx64 " need %" PRIu64
                " bytes, the file ends at offset %#" PRIx64,
                file.path(), count, static_cast<uint64_t>(header.e_phoff),
                uint64_t{count} * sizeof(Elf64_Phdr), file_bytes);

  ElfCore core;
  core.machine_ = header.e_machine;
  core.is_incomplete_ = (header.e_flags & kElfIncomplete) != 0;
  core.file_bytes_ = file_bytes;
  Flaws flaws;
  const auto readable =
      static_cast<uint32_t>(std::min<uint64_t>(std::min(count, kMaxProgramHeaders), in_file));
  std::vector<Elf64_Phdr> batch(std::min<size_t>(readable, kBatch));
  for (uint32_t done = 0; done < readable;) {
    const size_t size = std::min<size_t>(readable - done, kBatch);
    TRY(file.read_at(header.e_phoff + done * sizeof(Elf64_Phdr),
                     {reinterpret_cast<uint8_t*>(batch.data()), size * sizeof(Elf64_Phdr)}));
    for (const Elf64_Phdr& entry : std::span(batch).first(size)) {
      if (entry.p_type == PT_LOAD) core.add_load(entry, flaws);
      if (entry.p_type == PT_NOTE) core.notes_.add(file, file_bytes, entry);
    }
    done += static_cast<uint32_t>(size);
  }
  if (core.segments_.empty())
    return fail(
        Kind::corrupt,
        "%s holds no memory: no PT_LOAD below 2^52 among %u program headers at offset %#" PRIx64,
        file.path(), count, static_cast<uint64_t>(header.e_phoff));
  if (readable < count) {
    // What they promise is unknown: at least a byte each.
    core.missing_bytes_ = add_saturated(core.missing_bytes_, count - readable);
    warnings.push_back(
        text("%s: %u program headers, only the first %u are read", file.path(), count, readable));
  }
  core.notes_.warn(file.path(), warnings);
  flaws.warn(file.path(), file_bytes, warnings);
  std::ranges::sort(core.segments_, {}, [](const LoadSegment& segment) {
    return std::pair(segment.paddr.value, segment.file_offset);
  });
  if (flaws.too_long != 0) core.settle_sizes();
  core.count_missing();
  return core;
}

ElfCore ElfCore::of_pages(uint16_t machine, ElfNotes notes, std::span<const MemoryRange> ram,
                          uint64_t missing_bytes) {
  ElfCore core;
  core.machine_ = machine;
  core.notes_ = std::move(notes);
  core.missing_bytes_ = missing_bytes;
  for (const MemoryRange& range : ram.first(std::min<size_t>(ram.size(), kMaxSegments)))
    core.segments_.push_back({.paddr = {range.begin},
                              .vaddr = {0},
                              .file_offset = 0,
                              .size_bytes = range.end - range.begin,
                              .promised_bytes = range.end - range.begin});
  return core;
}

void ElfCore::Flaws::warn(const char* path, uint64_t file_bytes,
                          std::vector<std::string>& warnings) const {
  if (cut)
    warnings.push_back(text("%s ends at offset %#" PRIx64 ": %" PRIu64
                            " PT_LOAD segments are truncated there; the missing parts are holes",
                            path, file_bytes, cut));
  if (out_of_range)
    warnings.push_back(text("%s: %" PRIu64
                            " PT_LOAD segments have addresses above 2^52: those parts are"
                            " ignored",
                            path, out_of_range));
  if (too_many)
    warnings.push_back(text("%s: %" PRIu64 " PT_LOAD segments beyond the first %u are ignored",
                            path, too_many, kMaxSegments));
  if (too_short)
    warnings.push_back(text("%s: %" PRIu64
                            " PT_LOAD segments have a p_memsz above p_filesz: the rest is a hole",
                            path, too_short));
  if (too_long)
    warnings.push_back(text("%s: %" PRIu64
                            " PT_LOAD segments have a p_filesz above p_memsz: the part in no other"
                            " segment is read",
                            path, too_long));
}

void ElfCore::add_load(const Elf64_Phdr& entry, Flaws& flaws) {
  const uint64_t promised = std::max<uint64_t>(entry.p_filesz, entry.p_memsz);
  const uint64_t in_range = entry.p_paddr < kMaxPaddr ? kMaxPaddr - entry.p_paddr : 0;
  const bool is_kept = in_range != 0 && segments_.size() < kMaxSegments;
  flaws.out_of_range += promised > in_range;
  flaws.too_many += in_range != 0 && !is_kept;
  if (!is_kept) {
    missing_bytes_ = add_saturated(missing_bytes_, promised);
    return;
  }
  const uint64_t in_file = entry.p_offset < file_bytes_
                               ? std::min<uint64_t>(entry.p_filesz, file_bytes_ - entry.p_offset)
                               : 0;
  flaws.cut += in_file < entry.p_filesz;
  flaws.too_short += entry.p_filesz < entry.p_memsz;
  flaws.too_long += entry.p_filesz > entry.p_memsz;
  // settle_sizes() and count_missing() account for what p_memsz promises, and for what the file
  // holds; here what only p_filesz promises, and what lies out of range.
  const uint64_t accounted = std::min(std::max<uint64_t>(in_file, entry.p_memsz), in_range);
  missing_bytes_ = add_saturated(missing_bytes_, promised - accounted);
  // An empty one is kept: a core whose data was cut off is still a core.
  segments_.push_back({.paddr = {entry.p_paddr},
                       .vaddr = {entry.p_vaddr},
                       .file_offset = entry.p_offset,
                       .size_bytes = std::min(in_file, in_range),
                       .promised_bytes = std::min<uint64_t>(entry.p_memsz, in_range)});
}

// Where the file holds more than p_memsz, one of the two sizes is wrong. The excess is taken up to
// the first byte of the file that another segment has for another address.
void ElfCore::settle_sizes() {
  struct Claim {
    uint64_t offset, delta;       // delta: from the physical address to the offset
    uint64_t other = UINT64_MAX;  // the next offset with another delta
  };
  std::vector<Claim> claims;
  claims.reserve(segments_.size());
  for (const LoadSegment& segment : segments_)
    claims.push_back({segment.file_offset, segment.file_offset - segment.paddr.value});
  std::ranges::sort(claims, {}, &Claim::offset);
  for (size_t i = claims.size() - 1; i > 0; --i) {
    const Claim& next = claims[i];
    claims[i - 1].other = next.delta == claims[i - 1].delta ? next.other : next.offset;
  }
  for (LoadSegment& segment : segments_) {
    const uint64_t in_file = segment.size_bytes, sure = segment.promised_bytes;
    if (in_file <= sure) continue;
    const uint64_t from = segment.file_offset + std::max<uint64_t>(sure, 1);
    const auto next = std::ranges::lower_bound(claims, from, {}, &Claim::offset);
    segment.promised_bytes = in_file;
    if (next == claims.end()) continue;
    const bool is_same = next->delta == segment.file_offset - segment.paddr.value;
    const uint64_t end = is_same ? next->other : next->offset;
    segment.size_bytes = std::min(in_file, end - segment.file_offset);
  }
}

void ElfCore::count_missing() {
  uint64_t promised_end = 0, present_end = 0, promised = 0, present = 0;
  for (const LoadSegment& segment : segments_) {
    const auto grow = [&segment](uint64_t& covered_end, uint64_t& sum, uint64_t size) {
      const uint64_t begin = std::max(segment.paddr.value, covered_end);
      const uint64_t end = segment.paddr.value + size;
      if (begin >= end) return;
      sum += end - begin;
      covered_end = end;
    };
    grow(promised_end, promised, segment.promised_bytes);
    grow(present_end, present, segment.size_bytes);
  }
  missing_bytes_ = add_saturated(missing_bytes_, promised - present);
}

}  // namespace kdump
