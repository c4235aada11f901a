// An ELF core: a dump of ours, makedumpfile's, or a copy of /proc/vmcore. Its pages are as they
// were in memory, so that all there is to check is that they are there and can be read.
#include <elf.h>

#include <algorithm>

#include "filter/core_file/elf_core.h"
#include "filter/verify/dump_check.h"

namespace kdump {
namespace {

constexpr uint64_t kPage = 4096;  // for counting; the core does not say its own
constexpr uint64_t kStep = 1 << 20;

class ElfCheck {
 public:
  ElfCheck(const DumpFile& file, Progress& progress, DumpCheck& check)
      : file_(file), progress_(progress), check_(check), headers_(file), data_(file, kStep) {}

  void run() {
    if (read_header()) walk_segments();
    if (check_.sums == DumpCheck::Sums::none) read_everything();
    check_.bytes_read += headers_.bytes_read() + data_.bytes_read();
  }

 private:
  bool read_header();
  void walk_segments();
  void check_segment(uint32_t number, const Elf64_Phdr& segment);
  uint64_t suspect_pages(const Elf64_Phdr& segment) const;
  void read_notes(const Elf64_Phdr& segment);
  void read_everything();

  const DumpFile& file_;
  Progress& progress_;
  DumpCheck& check_;
  DumpCursor headers_, data_;
  Elf64_Ehdr header_{};
  uint32_t count_ = 0;
  uint64_t notes_bytes_ = 0;  // read so far, of all PT_NOTEs
};

bool ElfCheck::read_header() {
  const auto bytes = headers_.at(0, sizeof header_);
  if (bytes) header_ = load<Elf64_Ehdr>(bytes->data());
  if (!bytes || header_.e_ident[EI_CLASS] != ELFCLASS64 ||
      header_.e_ident[EI_DATA] != ELFDATA2LSB || header_.e_type != ET_CORE ||
      header_.e_phentsize != sizeof(Elf64_Phdr)) {
    check_.damage("header: expected a 64-bit little-endian ELF core");
    return false;
  }
  check_.is_incomplete = (header_.e_flags & kElfIncomplete) != 0;
  count_ = header_.e_phnum;
  if (count_ != PN_XNUM) return true;
  const auto section = headers_.at(header_.e_shoff, sizeof(Elf64_Shdr));
  if (section) count_ = load<Elf64_Shdr>(section->data()).sh_info;
  if (!section) check_.damage("number of program headers: %s", section.error().text);
  return section.has_value();
}

void ElfCheck::walk_segments() {
  bool has_load = false;
  if (header_.e_phoff > file_.end())
    return check_.damage("program headers at %#" PRIx64 ": the dump ends at %#" PRIx64,
                         static_cast<uint64_t>(header_.e_phoff), file_.end());
  for (uint64_t number = 0; number < count_; ++number) {
    // Headers in a gap of a stream are PT_NULL; there may be 2^32 of them.
    const uint64_t here = header_.e_phoff + number * sizeof(Elf64_Phdr);
    number += (file_.next_data(here) - here) / sizeof(Elf64_Phdr);
    if (number >= count_) break;
    const auto i = static_cast<uint32_t>(number);
    const auto bytes =
        headers_.at(header_.e_phoff + number * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr));
    if (!bytes) return check_.damage("program header %u: %s", i, bytes.error().text);
    const auto segment = load<Elf64_Phdr>(bytes->data());
    if (segment.p_type == PT_NOTE) read_notes(segment);
    if (segment.p_type != PT_LOAD) continue;
    has_load = true;
    check_segment(i, segment);
  }
  if (!has_load) check_.damage("it has no PT_LOAD");
}

void ElfCheck::check_segment(uint32_t number, const Elf64_Phdr& segment) {
  const uint64_t pages = segment.p_filesz / kPage + (segment.p_filesz % kPage != 0);
  check_.pages += pages;
  check_.suspect_pages += suspect_pages(segment);
  if (segment.p_filesz > segment.p_memsz || segment.p_paddr >= kMaxPaddr ||
      segment.p_memsz > kMaxPaddr - segment.p_paddr) {
    check_.damaged_pages += pages;
    return check_.damage(
        "program header %u: %#" PRIx64 " bytes at physical %#" PRIx64 " are out of range", number,
        static_cast<uint64_t>(segment.p_memsz), static_cast<uint64_t>(segment.p_paddr));
  }
  // A stream does not have the zeros that its file ends with.
  if (file_.is_flattened()) return;
  const uint64_t there = segment.p_offset < file_.end()
                             ? std::min<uint64_t>(segment.p_filesz, file_.end() - segment.p_offset)
                             : 0;
  if (there == segment.p_filesz) return;
  check_.damaged_pages += pages - there / kPage;
  check_.damage("program header %u: %#" PRIx64 " bytes of physical %#" PRIx64 " at offset %#" PRIx64
                " reach beyond the end of the file",
                number, static_cast<uint64_t>(segment.p_filesz),
                static_cast<uint64_t>(segment.p_paddr), static_cast<uint64_t>(segment.p_offset));
}

uint64_t ElfCheck::suspect_pages(const Elf64_Phdr& segment) const {
  uint64_t pages = 0;
  for (const DumpCheck::Range& bad : check_.bad_ranges) {
    const uint64_t begin = std::max<uint64_t>(bad.begin, segment.p_offset);
    const uint64_t end = std::min<uint64_t>(bad.end, segment.p_offset + segment.p_filesz);
    if (begin < end) pages += (end - begin + kPage - 1) / kPage;
  }
  return pages;
}

void ElfCheck::read_notes(const Elf64_Phdr& segment) {
  if (segment.p_filesz > kMaxNotesBytes || segment.p_filesz > kMaxNotesSearched - notes_bytes_)
    return check_.damage("notes of %" PRIu64 " bytes, after %" PRIu64 " others",
                         static_cast<uint64_t>(segment.p_filesz), notes_bytes_);
  notes_bytes_ += segment.p_filesz;
  std::vector<uint8_t> notes(segment.p_filesz);
  if (const auto read = file_.read_at(segment.p_offset, notes); !read)
    return check_.damage("notes: %s", read.error().text);
  check_notes(notes, check_);
}

void ElfCheck::read_everything() {
  for (uint64_t at = 0; at < file_.end(); at += kStep) {
    at += (file_.next_data(at) - at) / kStep * kStep;
    if (at >= file_.end()) break;
    progress_.update(Phase::finish, at / kPage, file_.end() / kPage, at);
    if (const auto read = data_.at(at, std::min(kStep, file_.end() - at)); !read)
      check_.damage("between offsets %#" PRIx64 " and %#" PRIx64 ": %s", at, at + kStep,
                    read.error().text);
  }
}

}  // namespace

void check_elf(const DumpFile& file, Progress& progress, DumpCheck& check) {
  ElfCheck(file, progress, check).run();
}

}  // namespace kdump
