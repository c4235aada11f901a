// The vmcore of a simulated machine of many TiB: a file whose bytes are made when they are
// read. Page tables and section tables are complete, as the kernel would have them with sparsemem
// and vmemmap; struct pages are those of a real vmcore, of all its classes, again and again.
//
// Mapped windows of struct pages are mappings of the real ones, so that the program runs as it does
// over /proc/vmcore: nothing of it is replaced but what mmap(2) and pread(2) give for this file.
#pragma once

#include <string>

#include "filter/kernel/vmcore.h"

namespace kdump {

class GiantMemory {
 public:
  // real: where the struct pages come from; x86_64 with 4-level page tables. One such object at a
  // time. bytes: of memory, at most 64 TiB.
  static Result<> create(Vmcore& real, uint64_t bytes);
  // The file's name.
  static std::string path();
};

}  // namespace kdump
