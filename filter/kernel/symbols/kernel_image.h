// Finds the kernel's image: code and data from _stext on, without the parts that the kernel frees
// while it boots.
//
// Source: arch/x86/mm/init.c and init_64.c, arch/x86/kernel/setup.c, arch/arm64/mm/init.c and
// mmu.c: the callers of free_init_pages() and its like; vmlinux.lds.S.
#pragma once

#include <string>
#include <vector>

#include "filter/kernel/symbols/kernel_symbols.h"

namespace kdump {

struct KernelImage {
  struct Piece {
    Paddr begin, end;
  };
  VirtualRange whole;         // the mapping of the image
  std::vector<Piece> pieces;  // the parts that were not freed, ascending
  std::string warning;        // reason why freed parts are included; empty: they are not
};

// page_size: of the machine, bytes. Fails: unsupported or corrupt, if the begin or end of the image
// cannot be determined.
Result<KernelImage> find_kernel_image(const ElfCore& core, const Vmcoreinfo& info,
                                      AddressSpace& space, const KernelSymbols& symbols,
                                      uint32_t page_size);

}  // namespace kdump
