// Identifies the crashed system: the kernel's utsname, the crash time, the number of CPUs. The
// texts come from hostile memory and go into headers, messages and file names: they are truncated
// and made printable here.
#pragma once

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

// Never fails: a value that is unavailable keeps its default.
CrashedSystem identify_system(const DumpSource& source, const Vmcoreinfo& info,
                              AddressSpace& space);

}  // namespace kdump
