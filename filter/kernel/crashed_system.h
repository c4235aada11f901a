// Who crashed: the kernel's utsname, the time, the number of CPUs. Texts come from hostile memory
// and go into headers, messages and file names: they are cut and made printable here.
#pragma once

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

// Never fails: an unavailable value keeps its default.
CrashedSystem identify_system(const ElfCore& core, const Vmcoreinfo& info, AddressSpace& space);

}  // namespace kdump
