// An opened vmcore: everything that is found out about it once, before pages are taken. Each part
// that cannot be had costs only what depends on it: no vmcoreinfo → no filtering, no page tables →
// no struct pages; the dump still happens, and `warnings` says what it lacks.
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

namespace kdump {

// The crashed kernel's identity, from vmcoreinfo, the notes and init_uts_ns where they are sound.
// Every text is printable ASCII; one that is not known is empty.
struct CrashedSystem : Utsname {
  int64_t crash_time_s = 0;  // CRASHTIME of vmcoreinfo, seconds since 1970, UTC; 0: unknown
  uint32_t cpus = 1;         // number of NT_PRSTATUS notes, at least 1
  // x86_64: where the kernel's image begins, less its link address; arm64: where its linear map
  // begins. 0: unknown
  uint64_t phys_base = 0;
};

class AddressSpace;      // kernel/memory/address_space.h
class KernelSymbols;     // kernel/symbols/kernel_symbols.h
class MemMap;            // kernel/memory/mem_map.h
struct ProtectedMemory;  // kernel/protected_memory.h

// unwanted: as though the vmcore had none. mem_map() is not looked for, and everything is kept.
enum class MemMapUse : uint8_t { wanted, unwanted };

class Vmcore {
 public:
  // path: an ELF core such as /proc/vmcore. Fails only where no dump can be made of it: not ELF64,
  // foreign byte order, no PT_LOAD, truncated program headers.
  static Result<std::unique_ptr<Vmcore>> open(Sys& sys, const char* path,
                                              MemMapUse mem_map_use = MemMapUse::wanted);
  ~Vmcore();

  const char* path() const;
  const ElfCore& elf() const;
  PhysMemory& memory();
  const Vmcoreinfo& info() const;  // empty where the vmcore has none
  const CrashedSystem& system() const;
  uint32_t page_size() const;
  Pfn end_pfn() const;
  AddressSpace& address_space();
  MemMap* mem_map();  // nullptr: no struct pages, everything is kept

  // Found when first asked for, for all of kallsyms is read.
  const KernelSymbols& symbols();
  // What no dump may lack, found when first asked for; with a mem_map() only.
  ProtectedMemory& protected_memory();

  // What is missing or implausible, one sentence each, bounded in number.
  const std::vector<std::string>& warnings() const;

  // From now on mem_map() is nullptr: what it says cannot be.
  void distrust_mem_map();

 private:
  struct Parts;
  explicit Vmcore(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kdump
