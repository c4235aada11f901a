// The page frames that are in every dump whatever its level and whatever their struct pages say:
// without them no reader understands the rest. The kernel's image, its page tables, the section
// tables and struct pages, the per-CPU areas, the log, the stacks of the CPUs, vmcoreinfo.
//
// A healthy kernel's struct pages keep all of it anyway; corrupt ones cannot drop it. What cannot
// be found costs that part only. Poisoned and offline pages stay out even so.
#pragma once

#include <string>
#include <vector>

#include "filter/core_file/page_ranges.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

struct ProtectedMemory {
  PageRanges pages;
  std::vector<std::string> warnings;  // what could not be found
};

// vmcore: with a mem_map(), for without one every page is kept.
ProtectedMemory find_protected_memory(Vmcore& vmcore);

}  // namespace kdump
