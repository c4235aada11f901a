// The kernel's own image, code and data from _stext on, without what the kernel gives back to the
// allocator while it boots.
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
  VirtualRange whole;         // where it is mapped
  std::vector<Piece> pieces;  // what stays of it, ascending
  std::string warning;        // empty, or why it is taken whole
};

// page_size: of the machine. Fails: if the image's begin or end cannot be determined.
Result<KernelImage> find_kernel_image(const ElfCore& core, const Vmcoreinfo& info,
                                      AddressSpace& space, const KernelSymbols& symbols,
                                      uint32_t page_size);

}  // namespace kdump
