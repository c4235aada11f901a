// What a crashed machine's memory is read from: /proc/vmcore and copies of it, and dumps of every
// form (ELF, kdump-compressed, either of them flattened). One form to all that reads memory: bytes,
// the ranges of physical memory that they hold, notes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filter/base/sys.h"
#include "filter/core_file/elf_core.h"
#include "filter/core_file/phys_memory.h"
#include "filter/dump_file/kdump_format.h"

namespace kdump {

struct DumpSource {
  // path: a file or device; the parts of a split dump are named "PART,PART,...". Appends to
  // `warnings`. Fails: unsupported (no dump; one of a machine whose byte order or word size is not
  // read), corrupt, io.
  static Result<DumpSource> open(Sys& sys, const std::string& path,
                                 std::vector<std::string>& warnings);

  PhysMemory memory(uint32_t page_size, PhysMemory::CopyBy copy_by) const;

  std::string path;
  std::string form;  // for people: "ELF", "kdump-compressed, zstd, flattened"
  std::unique_ptr<ByteSource> bytes;
  ElfCore core;  // of a kdump-compressed dump: made of its header and bitmap
  // Of a kdump-compressed dump.
  std::optional<kdump_format::Header> header;
  uint32_t page_size = 0;  // 0: see VMCOREINFO
  std::vector<MemoryRange> ranges, ram;
  bool is_incomplete = false;  // the dump is marked so: pages are missing
};

}  // namespace kdump
