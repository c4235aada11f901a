// arm64 page tables: pages of 4, 16 and 64 KiB, kernel addresses of 36 to 52 bits, block mappings,
// physical addresses of 48 bits and of 52 bits (LPA and LPA2 encoding).
// Source: Arm Architecture Reference Manual, "The AArch64 Virtual Memory System Architecture";
// Linux' arch/arm64/kernel/vmcore_info.c for the keys, arch/arm64/include/asm/pgtable-hwdef.h.
#pragma once

#include "filter/kernel/memory/address_space.h"

namespace kdump {

// Opens the tables that vmcoreinfo names. Fails: unsupported, if a key is missing (named in the
// text); corrupt, if the tables do not map their own addresses correctly.
Result<std::unique_ptr<PageTables>> open_arm64_page_tables(const ElfCore& core,
                                                           const Vmcoreinfo& info,
                                                           PhysMemory& memory);

}  // namespace kdump
