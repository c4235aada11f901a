// The crashed kernel's mappings of its memory: the virtual addresses of an ELF dump's segments.
#pragma once

#include <vector>

#include "filter/kernel/vmcore.h"

namespace kdump {

// An ELF core's segments; of a dump that has none, the direct map and the kernel's image as they
// are found in memory. Ascending by paddr; may overlap.
std::vector<LoadSegment> find_mappings(Vmcore& vmcore);

}  // namespace kdump
