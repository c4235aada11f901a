// The counting pass: every struct page is classified once, which gives the exact number of pages
// by class and what each dump level would keep. Nothing is written. PageSelection
// (page_selection.h) then is the PageSource of the writing pass.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "filter/base/progress.h"
#include "filter/kernel/vmcore.h"
#include "filter/pages/page_class.h"
#include "filter/pages/page_selection.h"

namespace kdump {

struct Plan {
  std::array<uint64_t, kPageClasses> pages_by_class{};
  // Contiguous runs of kept pages, gaps shorter than kElfMergePages bridged where the vmcore has
  // the pages between: what an ELF dump at that level needs in program headers, without slack.
  std::array<uint32_t, kMaxLevel + 1> elf_segments{};

  // Of the class `other`: those that are kept because they are the kernel's own, although their
  // struct pages say otherwise.
  uint64_t protected_pages = 0;

  uint64_t ram_pages() const;                 // all but absent
  uint64_t kept_pages(uint32_t level) const;  // pages of zeros included
  std::vector<std::string> warnings;          // implausible class ratios and the like
};

// Gaps in an ELF dump's kept pages shorter than this are written rather than cut: a program
// header costs 56 bytes and there can be only 65,534.
constexpr uint32_t kElfMergePages = 256;

// selection: if not null, it gets to know what this pass finds, so that its own first pass is
// spared. Class counts that cannot be make the vmcore's struct pages distrusted: then, and in
// whatever passes follow, every page is kept.
Result<Plan> make_plan(Vmcore& vmcore, Progress& progress, PageSelection* selection = nullptr);

}  // namespace kdump
