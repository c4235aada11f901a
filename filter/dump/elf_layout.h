// The layout of an ELF dump: offsets, headers, and the runs of pages that become segments. Pure:
// writes nothing.
#pragma once

#include <elf.h>

#include <optional>

#include "filter/dump/dump_writer.h"
#include "filter/dump/window_bits.h"

namespace kdump {

// Runs of zeros become holes of the file from this length on. Shorter ones are written: leaving
// them out would only make writes small and many.
constexpr uint64_t kMinElfHoleBytes = 256 << 10;

struct ElfLayout {
  uint32_t page_size = 0;
  uint64_t slots = 0;           // program headers for PT_LOADs
  uint64_t window_slots = 0;    // of them, reserved for runs split at windows and segments
  uint64_t section_header = 0;  // offset of the section header with the count; 0: not needed
  uint64_t notes = 0;           // offset
  uint64_t data = 0;            // offset of the first page's bytes

  // Fails: no_space, if max_bytes leaves no space for pages.
  static Result<ElfLayout> make(uint64_t end_pfn, uint32_t page_size, const DumpHeader& header,
                                const DumpOptions& options);

  uint64_t slot_offset(uint64_t slot) const {
    return sizeof(Elf64_Ehdr) + (1 + slot) * sizeof(Elf64_Phdr);  // the notes' header comes first
  }
};

Elf64_Ehdr make_elf_header(const ElfLayout& layout, uint16_t machine, uint32_t flags);
Elf64_Shdr make_elf_count_section(const ElfLayout& layout);
Elf64_Phdr make_elf_notes_header(const ElfLayout& layout, const DumpHeader& header);

// Makes the PT_LOAD for the intersection of [paddr, paddr + size) with an original segment. offset:
// of paddr in the dump. nullopt: they do not intersect.
std::optional<Elf64_Phdr> make_elf_load(const DumpHeader::Segment& segment, uint64_t paddr,
                                        uint64_t size, uint64_t offset);

struct ElfRun {
  uint32_t first = kWindowPages;  // pages of the window; first == end: no further run
  uint32_t end = kWindowPages;
};

// Returns the next run of pages to write at or after `from`. Excluded pages belong to the run if
// fewer than `merge_pages` of them lie between kept ones; page frames that are not RAM never do.
ElfRun next_elf_run(const Window& window, uint32_t from, uint32_t merge_pages);

}  // namespace kdump
