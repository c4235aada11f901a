// Where the parts of an ELF dump lie, its headers, and which runs of pages become segments. Pure:
// writes nothing.
#pragma once

#include <elf.h>

#include <optional>

#include "filter/dump/dump_writer.h"
#include "filter/dump/window_bits.h"

namespace kdump {

// e_flags of a dump that is not whole; makedumpfile's and crash's DUMP_ELF_INCOMPLETE.
constexpr uint32_t kElfIncomplete = 1;

// Runs of zeros become holes of the file from this length on. Shorter ones are written: leaving
// them out would only make writes small and many.
constexpr uint64_t kMinElfHoleBytes = 256 << 10;

struct ElfLayout {
  uint32_t page_size = 0;
  uint64_t slots = 0;           // program headers for PT_LOADs
  uint64_t window_slots = 0;    // of them, kept for runs that only windows and segments cut
  uint64_t section_header = 0;  // offset of the one that holds the count; 0: not needed
  uint64_t notes = 0;           // offset
  uint64_t data = 0;            // offset of the first page's bytes

  // Fails: no_space, if max_bytes leaves no room for pages.
  static Result<ElfLayout> make(uint64_t end_pfn, uint32_t page_size, const DumpHeader& header,
                                const DumpOptions& options);

  uint64_t slot_offset(uint64_t slot) const {
    return sizeof(Elf64_Ehdr) + (1 + slot) * sizeof(Elf64_Phdr);  // the notes' header comes first
  }
};

Elf64_Ehdr make_elf_header(const ElfLayout& layout, uint16_t machine, uint32_t flags);
Elf64_Shdr make_elf_count_section(const ElfLayout& layout);
Elf64_Phdr make_elf_notes_header(const ElfLayout& layout, const DumpHeader& header);

// The PT_LOAD for the part of memory [paddr, paddr + size), whose bytes lie at `offset` of the
// dump, that an original segment maps; nothing if none.
std::optional<Elf64_Phdr> make_elf_load(const DumpHeader::Segment& segment, uint64_t paddr,
                                        uint64_t size, uint64_t offset);

struct ElfRun {
  uint32_t first = kWindowPages;  // pages of the window; first == end: there is no further run
  uint32_t end = kWindowPages;
};

// The next run of pages to write at or after `from`. Excluded pages are written along where fewer
// than `merge_pages` stand between kept ones, but never page frames that are not RAM.
ElfRun next_elf_run(const Window& window, uint32_t from, uint32_t merge_pages);

}  // namespace kdump
