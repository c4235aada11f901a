#include "filter/core_file/elf_core.h"

#include <elf.h>

#include <algorithm>
#include <utility>

#include "filter/base/text.h"

namespace kdump {
namespace {

// Program headers are read in batches: one read each would be slow, all at once may be many.
constexpr size_t kBatch = 512;

Result<Elf64_Ehdr> read_header(const File& file) {
  Elf64_Ehdr header{};
  const size_t got =
      TRY(file.read_some_at(0, {reinterpret_cast<uint8_t*>(&header), sizeof header}));
  if (got < SELFMAG || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(Kind::unsupported, "%s is not an ELF file: no ELF magic at offset 0", file.path());
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
    return fail(Kind::corrupt, "%s: program headers of %u bytes instead of %zu (offset %zu)",
                file.path(), header.e_phentsize, sizeof(Elf64_Phdr),
                offsetof(Elf64_Ehdr, e_phentsize));
  return header;
}

// With 65,535 or more program headers their number stands in the first section header.
Result<uint32_t> count_program_headers(const File& file, const Elf64_Ehdr& header) {
  if (header.e_phnum != PN_XNUM) return header.e_phnum;
  Elf64_Shdr section{};
  const Result<> got =
      file.read_at(header.e_shoff, {reinterpret_cast<uint8_t*>(&section), sizeof section});
  if (!got) return wrap(got.error(), "number of program headers");
  return section.sh_info;
}

}  // namespace

Result<ElfCore> ElfCore::read(const File& file, std::vector<std::string>& warnings) {
  const uint64_t file_bytes = TRY(file.size());
  const Elf64_Ehdr header = TRY(read_header(file));
  uint32_t count = TRY(count_program_headers(file, header));
  if (count > kMaxSegments) {
    warnings.push_back(text("%s: %u program headers, only the first %u are used", file.path(),
                            count, kMaxSegments));
    count = kMaxSegments;
  }
  const uint64_t table_bytes = uint64_t{count} * sizeof(Elf64_Phdr);
  if (header.e_phoff > file_bytes || table_bytes > file_bytes - header.e_phoff)
    return fail(Kind::corrupt,
                "%s is truncated: %u program headers at offset %#" PRIx64 " need %" PRIu64
                " bytes, the file has %" PRIu64,
                file.path(), count, static_cast<uint64_t>(header.e_phoff), table_bytes, file_bytes);

  ElfCore core;
  core.machine_ = header.e_machine;
  core.file_bytes_ = file_bytes;
  uint64_t cut_segments = 0, bad_segments = 0;
  std::vector<Elf64_Phdr> batch(std::min<size_t>(count, kBatch));
  for (uint32_t done = 0; done < count;) {
    const size_t size = std::min<size_t>(count - done, kBatch);
    TRY(file.read_at(header.e_phoff + done * sizeof(Elf64_Phdr),
                     {reinterpret_cast<uint8_t*>(batch.data()), size * sizeof(Elf64_Phdr)}));
    for (const Elf64_Phdr& entry : std::span(batch).first(size)) {
      const uint64_t in_file = entry.p_offset < file_bytes
                                   ? std::min<uint64_t>(entry.p_filesz, file_bytes - entry.p_offset)
                                   : 0;
      if (entry.p_type == PT_LOAD) {
        if (entry.p_paddr >= kMaxPaddr || entry.p_memsz > kMaxPaddr - entry.p_paddr ||
            entry.p_filesz > entry.p_memsz) {
          ++bad_segments;
          continue;
        }
        cut_segments += in_file < entry.p_filesz;
        // An empty one is kept: a core whose data was cut off is still a core.
        core.segments_.push_back({.paddr = {entry.p_paddr},
                                  .vaddr = {entry.p_vaddr},
                                  .file_offset = entry.p_offset,
                                  .size_bytes = in_file});
      } else if (entry.p_type == PT_NOTE) {
        const uint64_t room = kMaxNotesBytes - core.notes_.size();
        const uint64_t take = std::min(in_file, room);
        if (take < entry.p_filesz)
          warnings.push_back(text("%s: %" PRIu64 " of %" PRIu64
                                  " bytes of notes at offset %#" PRIx64 " are used",
                                  file.path(), take, static_cast<uint64_t>(entry.p_filesz),
                                  static_cast<uint64_t>(entry.p_offset)));
        const size_t at = core.notes_.size();
        if (at == 0) core.notes_file_offset_ = entry.p_offset;
        core.notes_.resize(at + take);
        const Result<> read = file.read_at(entry.p_offset, MutableBytes(core.notes_).subspan(at));
        if (read) continue;
        // Without them every page is kept: that is worth more than no dump.
        warnings.push_back(text("notes that cannot be read are left out: %s", read.error().text));
        core.notes_.resize(at);
      }
    }
    done += static_cast<uint32_t>(size);
  }
  if (core.segments_.empty())
    return fail(Kind::corrupt,
                "%s holds no memory: no PT_LOAD among %u program headers at offset %#" PRIx64,
                file.path(), count, static_cast<uint64_t>(header.e_phoff));
  if (cut_segments)
    warnings.push_back(text("%s ends at offset %#" PRIx64 ": %" PRIu64
                            " PT_LOAD segments lie beyond it in whole or part and are holes there",
                            file.path(), file_bytes, cut_segments));
  if (bad_segments)
    warnings.push_back(text("%s: %" PRIu64
                            " PT_LOAD segments with impossible addresses are left out",
                            file.path(), bad_segments));
  std::ranges::sort(core.segments_, {}, [](const LoadSegment& segment) {
    return std::pair(segment.paddr.value, segment.file_offset);
  });
  return core;
}

bool ElfCore::next_note(size_t& at, Note& out) const {
  const Bytes all = notes_;
  if (all.size() - at < sizeof(Elf64_Nhdr)) return false;
  const auto header = load<Elf64_Nhdr>(all.data() + at);
  const size_t name_at = at + sizeof header;
  // Sizes are 32 bits wide: sums of them cannot wrap 64.
  const uint64_t name_end = name_at + uint64_t{header.n_namesz};
  const uint64_t desc_at = name_at + ((uint64_t{header.n_namesz} + 3) & ~uint64_t{3});
  const uint64_t desc_end = desc_at + header.n_descsz;
  // A header of zeros is the padding at the end.
  if (header.n_namesz == 0 || name_end > all.size() || desc_end > all.size()) return false;
  const char* name = reinterpret_cast<const char*>(all.data() + name_at);
  out = {.name = {name, strnlen(name, header.n_namesz)},
         .type = header.n_type,
         .desc = all.subspan(desc_at, header.n_descsz),
         .desc_offset = desc_at};
  at = std::min<uint64_t>((desc_end + 3) & ~uint64_t{3}, all.size());
  return true;
}

}  // namespace kdump
