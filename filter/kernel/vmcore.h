// An opened vmcore with all that is determined once, before pages are read. A missing part disables
// only the parts that depend on it: without vmcoreinfo there is no filtering, without page tables
// there are no struct pages. The dump is still made, and `warnings` names what is missing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "filter/base/address.h"
#include "filter/base/bytes.h"
#include "filter/base/sys.h"
#include "filter/base/utsname.h"
#include "filter/core_file/elf_core.h"
#include "filter/core_file/phys_memory.h"
#include "filter/core_file/vmcoreinfo.h"
#include "filter/dump_file/dump_source.h"

namespace kdump {

// The crashed kernel's identity, from vmcoreinfo, the notes and init_uts_ns as far as they are
// valid. Every text is printable ASCII; an unknown text is empty.
struct CrashedSystem : Utsname {
  int64_t crash_time_s = 0;  // CRASHTIME of vmcoreinfo, seconds since 1970, UTC; 0: unknown
  uint32_t cpus = 1;         // number of NT_PRSTATUS notes, at least 1
  // x86_64: physical address of the kernel's image less its link address; arm64: physical address
  // of the linear map's begin. 0: unknown.
  uint64_t phys_base = 0;
};

class AddressSpace;      // kernel/memory/address_space.h
class KernelSymbols;     // kernel/symbols/kernel_symbols.h
class MemMap;            // kernel/memory/mem_map.h
struct ProtectedMemory;  // kernel/protected_memory.h

// unwanted: struct pages are not looked for; mem_map() is nullptr, and every page is kept.
enum class MemMapUse : uint8_t { wanted, unwanted };

class Vmcore {
 public:
  // path: an ELF core such as /proc/vmcore, or a dump (dump_source.h). Fails only if no dump can be
  // made of it: unsupported, for an unknown format or a foreign byte order; corrupt, without a
  // PT_LOAD or with truncated headers; io.
  static Result<std::unique_ptr<Vmcore>> open(Sys& sys, const char* path,
                                              MemMapUse mem_map_use = MemMapUse::wanted);
  ~Vmcore();

  const char* path() const;
  const ElfCore& elf() const;
  const DumpSource& source() const;
  PhysMemory& memory();
  const Vmcoreinfo& info() const;  // empty if the vmcore has none
  const CrashedSystem& system() const;
  uint32_t page_size() const;
  Pfn end_pfn() const;
  AddressSpace& address_space();
  MemMap* mem_map();  // nullptr: no struct pages, every page is kept

  // Looked up by the first call, which reads all of kallsyms.
  const KernelSymbols& symbols();
  // Determined by the first call (protected_memory.h). Only with a mem_map().
  ProtectedMemory& protected_memory();

  // Missing or implausible parts, one sentence each; their number is bounded.
  const std::vector<std::string>& warnings() const;

  // Makes mem_map() return nullptr from now on, because its contents proved to be wrong.
  void discard_mem_map();

 private:
  struct Parts;
  explicit Vmcore(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kdump
