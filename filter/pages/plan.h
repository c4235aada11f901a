// The counting pass: classifies every struct page once, counts the pages of each class and the
// pages that each dump level keeps. Writes nothing. The writing pass uses PageSelection
// (page_selection.h).
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
  // By level: contiguous runs of kept pages, with gaps below kElfMergePages bridged if the vmcore
  // contains the pages between. An ELF dump needs one program header for each.
  std::array<uint32_t, kMaxLevel + 1> elf_segments{};

  // Pages of class `other` that are kept because they are protected (kernel/protected_memory.h),
  // although their struct pages say otherwise.
  uint64_t protected_pages = 0;

  uint64_t ram_pages() const;                 // all classes except absent
  uint64_t kept_pages(uint32_t level) const;  // pages of zeros included
  std::vector<std::string> warnings;          // implausible class ratios and the like
};

// Gaps between kept pages below this length are written to an ELF dump: each gap otherwise needs
// another program header, of which there are at most 65,534.
constexpr uint32_t kElfMergePages = 256;

// Runs the counting pass. selection: if not null, stores the classes found, so that it need not
// classify again. If the class counts are implausible, the vmcore's struct pages are discarded
// (Vmcore::discard_mem_map) and every page is kept.
Result<Plan> make_plan(Vmcore& vmcore, Progress& progress, PageSelection* selection = nullptr);

}  // namespace kdump
