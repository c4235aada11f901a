#include "filter/core_file/elf_notes.h"

#include <algorithm>

#include "filter/base/saturate.h"
#include "filter/base/text.h"

namespace kdump {
namespace {

constexpr size_t kAlignment = 4;  // of the kernel's notes, whatever p_align is

uint64_t aligned(uint64_t size, uint64_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

// Where a note of a PT_NOTE lies, relative to the segment's first byte.
struct NotePlace {
  Elf64_Nhdr header{};
  size_t name_at = 0, desc_at = 0, end = 0;
};

// Reads the note at `at` or, after padding of zeros, behind it; advances `at` past the note.
// False: no well-formed note follows.
bool next_note(Bytes segment, size_t alignment, size_t& at, NotePlace& out) {
  const auto left = [&] { return segment.size() - at; };
  if (left() >= sizeof(Elf64_Nhdr)) {
    const Bytes header = segment.subspan(at, sizeof(Elf64_Nhdr));
    if (std::ranges::all_of(header, [](uint8_t byte) { return byte == 0; }))
      while (left() >= sizeof(uint32_t) && load<uint32_t>(segment.data() + at) == 0)
        at += sizeof(uint32_t);
  }
  if (left() < sizeof(Elf64_Nhdr)) return false;
  out.header = load<Elf64_Nhdr>(segment.data() + at);
  out.name_at = at + sizeof(Elf64_Nhdr);
  // Sizes are 32 bits wide: sums of them cannot wrap 64.
  const uint64_t name_end = out.name_at + uint64_t{out.header.n_namesz};
  out.desc_at = aligned(name_end, alignment);
  const uint64_t desc_end = out.desc_at + uint64_t{out.header.n_descsz};
  if (name_end > segment.size() || desc_end > segment.size()) return false;
  out.end = desc_end;
  at = std::min<uint64_t>(aligned(desc_end, alignment), segment.size());
  return true;
}

size_t count_notes(Bytes segment, size_t alignment) {
  size_t count = 0;
  NotePlace note;
  for (size_t at = 0; next_note(segment, alignment, at, note);) count += note.header.n_namesz != 0;
  return count;
}

bool is_vmcoreinfo(Bytes name) {
  const std::string_view text(reinterpret_cast<const char*>(name.data()), name.size());
  return text.substr(0, text.find('\0')) == "VMCOREINFO";
}

}  // namespace

void ElfNotes::add(const ByteSource& file, uint64_t file_bytes, const Elf64_Phdr& segment) {
  const uint64_t in_file = segment.p_offset < file_bytes
                               ? std::min<uint64_t>(segment.p_filesz, file_bytes - segment.p_offset)
                               : 0;
  const uint64_t take = std::min({in_file, kMaxNotesBytes, kMaxNotesSearched - searched_bytes_});
  searched_bytes_ += take;
  lost_bytes_ = add_saturated(lost_bytes_, segment.p_filesz - take);
  if (take == 0) return;
  std::vector<uint8_t> raw(take);
  if (const Result<> read = file.read_at(segment.p_offset, raw); !read) {
    if (read_error_.empty()) read_error_ = read.error().text;
    return;
  }
  constexpr size_t kWide = 8;
  const bool is_wide =
      segment.p_align == kWide && count_notes(raw, kWide) >= count_notes(raw, kAlignment);
  keep(raw, segment.p_offset, is_wide ? kWide : kAlignment);
}

void ElfNotes::add_vmcoreinfo(Bytes text, uint64_t file_offset) {
  constexpr char kName[12] = "VMCOREINFO";
  constexpr size_t kNameBytes = 11;
  const Elf64_Nhdr header{
      .n_namesz = kNameBytes, .n_descsz = static_cast<uint32_t>(text.size()), .n_type = 0};
  std::vector<uint8_t> note(sizeof header + sizeof kName);
  memcpy(note.data(), &header, sizeof header);
  memcpy(note.data() + sizeof header, kName, sizeof kName);
  note.insert(note.end(), text.begin(), text.end());
  keep(note, file_offset - sizeof header - sizeof kName, kAlignment);
}

void ElfNotes::keep(Bytes segment, uint64_t file_offset, size_t alignment) {
  size_t at = 0;
  for (NotePlace note; next_note(segment, alignment, at, note);) {
    const Bytes name = segment.subspan(note.name_at, note.header.n_namesz);
    const Bytes desc = segment.subspan(note.desc_at, note.header.n_descsz);
    const uint64_t name_end = sizeof note.header + aligned(name.size(), kAlignment);
    const uint64_t size = name_end + aligned(desc.size(), kAlignment);
    const uint64_t most = kMaxNotesBytes - (is_vmcoreinfo(name) ? 0 : kVmcoreinfoReserve);
    // Readers take a note without a name for the last one.
    if (name.empty() || bytes_.size() + size > most) {
      lost_bytes_ = add_saturated(lost_bytes_, note.end - (note.name_at - sizeof note.header));
      continue;
    }
    const size_t begin = bytes_.size();
    places_.push_back(
        {.at = static_cast<uint32_t>(begin), .desc_file_offset = file_offset + note.desc_at});
    bytes_.resize(begin + size);
    uint8_t* const out = bytes_.data() + begin;
    memcpy(out, &note.header, sizeof note.header);
    std::ranges::copy(name, out + sizeof note.header);
    std::ranges::copy(desc, out + name_end);
  }
  const Bytes rest = segment.subspan(at);
  if (!std::ranges::all_of(rest, [](uint8_t byte) { return byte == 0; }))
    lost_bytes_ = add_saturated(lost_bytes_, rest.size());
}

void ElfNotes::warn(const char* path, std::vector<std::string>& warnings) const {
  // Without notes every page is kept: that is worth more than no dump.
  if (!read_error_.empty()) warnings.push_back("unreadable notes are omitted: " + read_error_);
  if (lost_bytes_ != 0)
    warnings.push_back(text("%s: %" PRIu64
                            " bytes of notes are omitted: malformed, unnamed, too many or beyond"
                            " the end of the file",
                            path, lost_bytes_));
}

Note ElfNotes::note_at(const Place& place) const {
  const Bytes from = Bytes(bytes_).subspan(place.at);
  const auto header = load<Elf64_Nhdr>(from.data());
  const char* const name = reinterpret_cast<const char*>(from.data() + sizeof header);
  const uint64_t desc_at = sizeof header + aligned(header.n_namesz, kAlignment);
  return {.name = {name, strnlen(name, header.n_namesz)},
          .type = header.n_type,
          .desc = from.subspan(desc_at, header.n_descsz),
          .desc_file_offset = place.desc_file_offset};
}

}  // namespace kdump
