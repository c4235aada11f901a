// arm64 page tables: pages of 4, 16 and 64 KiB, kernel addresses of 36 to 52 bits, blocks, and
// physical addresses of 48 and 52 bits in both of their encodings.
// Source: Arm Architecture Reference Manual, "The AArch64 Virtual Memory System Architecture";
// Linux' arch/arm64/kernel/vmcore_info.c for the keys, arch/arm64/include/asm/pgtable-hwdef.h.
#pragma once

#include "filter/kernel/memory/address_space.h"

namespace kdump {

// The tables that vmcoreinfo names. Fails: unsupported, where a key is missing (named in the
// text); corrupt, where the tables do not map themselves where they lie.
Result<std::unique_ptr<PageTables>> open_arm64_page_tables(const ElfCore& core,
                                                           const Vmcoreinfo& info,
                                                           PhysMemory& memory);

}  // namespace kdump
