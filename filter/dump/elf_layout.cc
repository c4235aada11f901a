#include "filter/dump/elf_layout.h"

#include "filter/base/aligned_buffer.h"

namespace kdump {
namespace {

// A guess where the plan has none; runs are merged when it does not suffice.
constexpr uint64_t kUnknownSegments = 4096;

// How many segments there are at most when every page of RAM is written: each original one, cut
// at the edges of windows.
uint64_t count_window_slots(const DumpHeader& header, uint64_t end_pfn, uint32_t page_size) {
  const uint64_t window_bytes = uint64_t{kWindowPages} * page_size;
  if (header.segments.empty()) return end_pfn / kWindowPages + 1;
  uint64_t slots = 0;
  for (const DumpHeader::Segment& segment : header.segments)
    slots += std::min(segment.size_bytes / window_bytes, end_pfn / kWindowPages) + 2;
  return slots;
}

}  // namespace

Result<ElfLayout> ElfLayout::make(uint64_t end_pfn, uint32_t page_size, const DumpHeader& header,
                                  const DumpOptions& options) {
  ElfLayout layout;
  layout.page_size = page_size;
  layout.window_slots = count_window_slots(header, end_pfn, page_size);
  const uint64_t expected =
      options.expected_segments != 0 ? options.expected_segments : kUnknownSegments;
  // Slack for what changes between the passes, and for the kernel's text, whose runs appear twice.
  layout.slots = expected + expected / 16 + 64 + layout.window_slots;
  if (layout.slots >= UINT32_MAX)
    return fail(Kind::unsupported, "%" PRIu64 " segments exceed the limit of an ELF file",
                layout.slots);
  layout.notes = layout.slot_offset(layout.slots);
  if (layout.slots + 1 >= PN_XNUM) {
    layout.section_header = align_up(layout.notes, alignof(Elf64_Shdr));
    layout.notes = layout.section_header + sizeof(Elf64_Shdr);
  }
  layout.data = align_up(layout.notes + header.notes.size(), page_size);
  if (layout.data > options.max_bytes)
    return fail(Kind::no_space, "headers need %" PRIu64 " bytes, %" PRIu64 " are left", layout.data,
                options.max_bytes);
  return layout;
}

Elf64_Ehdr make_elf_header(const ElfLayout& layout, uint16_t machine, uint32_t flags) {
  Elf64_Ehdr out{};
  memcpy(out.e_ident, ELFMAG, SELFMAG);
  out.e_ident[EI_CLASS] = ELFCLASS64;
  out.e_ident[EI_DATA] = ELFDATA2LSB;
  out.e_ident[EI_VERSION] = EV_CURRENT;
  out.e_type = ET_CORE;
  out.e_machine = machine;
  out.e_version = EV_CURRENT;
  out.e_phoff = sizeof(Elf64_Ehdr);
  out.e_flags = flags;
  out.e_ehsize = sizeof(Elf64_Ehdr);
  out.e_phentsize = sizeof(Elf64_Phdr);
  if (layout.section_header == 0) {
    out.e_phnum = static_cast<uint16_t>(layout.slots + 1);
  } else {
    out.e_phnum = PN_XNUM;
    out.e_shoff = layout.section_header;
    out.e_shentsize = sizeof(Elf64_Shdr);
    out.e_shnum = 1;
  }
  return out;
}

Elf64_Shdr make_elf_count_section(const ElfLayout& layout) {
  Elf64_Shdr out{};
  out.sh_type = SHT_NULL;
  out.sh_size = 1;  // number of section headers
  out.sh_info = static_cast<uint32_t>(layout.slots + 1);
  return out;
}

Elf64_Phdr make_elf_notes_header(const ElfLayout& layout, const DumpHeader& header) {
  Elf64_Phdr out{};
  out.p_type = PT_NOTE;
  out.p_offset = layout.notes;
  out.p_filesz = header.notes.size();
  out.p_memsz = header.notes.size();
  return out;
}

std::optional<Elf64_Phdr> make_elf_load(const DumpHeader::Segment& segment, uint64_t paddr,
                                        uint64_t size, uint64_t offset) {
  const uint64_t segment_start = segment.paddr.value;
  const uint64_t segment_end =
      segment_start + std::min(segment.size_bytes, UINT64_MAX - segment_start);
  const uint64_t start = std::max(paddr, segment_start);
  const uint64_t end = std::min(paddr + size, segment_end);
  if (start >= end) return std::nullopt;
  Elf64_Phdr out{};
  out.p_type = PT_LOAD;
  out.p_flags = PF_R | PF_W | PF_X;
  out.p_offset = offset + (start - paddr);
  out.p_vaddr = segment.vaddr.value + (start - segment_start);
  out.p_paddr = start;
  out.p_filesz = end - start;
  out.p_memsz = end - start;
  out.p_align = 0;  // crash recognises a kdump by it, as opposed to a netdump file
  return out;
}

ElfRun next_elf_run(const Window& window, uint32_t from, uint32_t merge_pages) {
  ElfRun run;
  run.first = next_page(window.kept, from, true);
  run.end = next_page(window.kept, run.first, false);
  while (run.end < kWindowPages) {
    const uint32_t next = next_page(window.kept, run.end, true);
    if (next == kWindowPages || next - run.end >= merge_pages ||
        next_page(window.ram, run.end, false) < next)
      break;
    run.end = next_page(window.kept, next, false);
  }
  return run;
}

}  // namespace kdump
