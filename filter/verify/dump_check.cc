#include "filter/verify/dump_check.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "filter/verify/sums_check.h"

namespace kdump {
namespace {

// What is beyond is only counted.
constexpr size_t kMaxReported = 20;

constexpr uint32_t kMaxNoteName = 256;

}  // namespace

void DumpCheck::damage(const char* format_text, ...) {
  ++damage_count;
  if (damages.size() == kMaxReported) return;
  char text[192];
  va_list arguments;
  va_start(arguments, format_text);
  vsnprintf(text, sizeof text, format_text, arguments);
  va_end(arguments);
  damages.emplace_back(text);
}

bool DumpCheck::is_suspect(uint64_t offset, uint64_t size) const {
  const auto range = std::ranges::upper_bound(bad_ranges, offset, {}, &Range::end);
  return range != bad_ranges.end() && range->begin < offset + size;
}

void check_notes(Bytes notes, DumpCheck& check) {
  ByteReader reader(notes, "notes");
  while (reader.left() >= 12) {
    const size_t at = reader.position();
    const auto name_bytes = reader.take<uint32_t>(), desc_bytes = reader.take<uint32_t>(),
               type = reader.take<uint32_t>();
    // Padding at the end, or what the kernel left of a note that it had room for.
    if (*name_bytes == 0 && *desc_bytes == 0 && *type == 0) break;
    const auto name = reader.take((uint64_t{*name_bytes} + 3) / 4 * 4);
    const auto desc = reader.take((uint64_t{*desc_bytes} + 3) / 4 * 4);
    if (!name || !desc || *name_bytes > kMaxNoteName) {
      if (check.bad_note.empty())
        check.bad_note = "the note at " + std::to_string(at) + " of the notes reaches beyond them";
      return;
    }
  }
}

Result<DumpCheck> check_dump_file(const DumpFile& file, Progress& progress) {
  DumpCheck check;
  uint8_t head[8] = {};
  const size_t got = TRY(file.read_some_at(0, head));
  const std::string_view signature(reinterpret_cast<const char*>(head), got);
  if (signature == "KDUMP   ") {
    check_sums(file, progress, check);
    check_kdump(file, progress, check);
  } else if (signature.starts_with("\x7f"
                                   "ELF")) {
    check.format = DumpCheck::Format::elf;
    check_sums(file, progress, check);
    check_elf(file, progress, check);
  } else {
    return fail(Kind::unsupported, "not a dump: expected a kdump, ELF or flattened header");
  }
  return check;
}

}  // namespace kdump
