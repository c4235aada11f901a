// The modules that were loaded: the list itself, their memory, build-ids and what names their
// functions. All out of the vmcore; no module's file is needed.
//
// Source: include/linux/module.h, kernel/module/sysfs.c and kallsyms.c.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "filter/kernel/types/kernel_types.h"
#include "filter/kernel/unwind/orc_table.h"

namespace kdump {

// The letters of the kernel's taint flags, by bit, as its own table (taint_flags) has them.
class TaintLetters {
 public:
  TaintLetters(MemoryReader& reader, const KernelSymbols& symbols, const KernelTypes& types);
  std::string of(uint64_t mask) const;

 private:
  std::string letters_;  // ' ' for a bit without one
};

struct KernelModule {
  // Seven stretches of memory since v6.4 (enum mod_mem_type), two before.
  static constexpr size_t kMaxParts = 8;
  struct Part {
    uint64_t begin = 0, end = 0;
  };

  std::string name, version, srcversion;  // empty: it has none
  std::string build_id;                   // hexadecimal; empty: not known
  std::string taints;                     // letters
  uint32_t state = 0;                     // MODULE_STATE_*: live, coming, going, unformed
  uint64_t size_bytes = 0;
  std::array<Part, kMaxParts> parts = {};
  CodeRegion orc;         // its table; begin and end are not set
  uint64_t kallsyms = 0;  // address of its struct mod_kallsyms

  const Part* part_of(uint64_t address) const {
    for (const Part& part : parts)
      if (address >= part.begin && address < part.end) return &part;
    return nullptr;
  }
};

struct ModuleList {
  // A distribution's kernel has a hundred or two.
  static constexpr size_t kMaxModules = 1024;

  std::vector<KernelModule> modules;
  std::string problem;  // empty, or why it is empty or ends early
};

ModuleList list_modules(MemoryReader& reader, const KernelSymbols& symbols,
                        const KernelTypes& types, const TaintLetters& letters);

const char* module_state_name(uint32_t state);

}  // namespace kdump
