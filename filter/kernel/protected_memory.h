// The page frames that every dump contains at any level, whatever their struct pages say, because
// readers need them: the kernel's image, page tables, section tables and struct pages, the per-CPU
// areas, the log, the stacks of the CPUs, vmcoreinfo.
//
// The struct pages of a healthy kernel keep all of these; this set protects them from corrupt
// struct pages. A part that cannot be located is omitted with a warning. Poisoned and offline pages
// are excluded even here.
#pragma once

#include <string>
#include <vector>

#include "filter/core_file/page_ranges.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

struct ProtectedMemory {
  PageRanges pages;
  std::vector<std::string> warnings;  // parts that could not be located
};

// Never fails. vmcore: must have a mem_map(); without one every page is kept.
ProtectedMemory find_protected_memory(Vmcore& vmcore);

}  // namespace kdump
