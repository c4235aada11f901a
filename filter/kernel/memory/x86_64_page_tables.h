// x86_64 page tables, 4 and 5 levels, leaves of 4 KiB, 2 MiB and 1 GiB, with the memory encryption
// bit cleared.
// Source: Intel SDM volume 3, "Paging"; Linux' arch/x86/kernel/machine_kexec_64.c for the keys.
#pragma once

#include "filter/kernel/memory/address_space.h"

namespace kdump {

// Opens the tables that vmcoreinfo names. Fails: unsupported, if a key is missing (named in the
// text); corrupt, if the tables do not map their own addresses correctly.
Result<std::unique_ptr<PageTables>> open_x86_64_page_tables(const ElfCore& core,
                                                            const Vmcoreinfo& info,
                                                            PhysMemory& memory);

}  // namespace kdump
