// Names of the functions on all stacks, found in one pass over kallsyms and one over each module's
// symbols that occurs.
//
// Source: find_kallsyms_symbol() of kernel/module/kallsyms.c; %pB of lib/vsprintf.c.
#pragma once

#include <string>
#include <vector>

#include "filter/kernel/report/kernel_modules.h"
#include "filter/kernel/symbols/kallsyms.h"
#include "filter/kernel/unwind/trace.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

// Valid as long as the FrameNames that it is of.
struct FrameName {
  const char* function = "";  // printable; empty: not known
  uint64_t offset = 0;        // of the frame's address, also of a return address
  uint64_t size_bytes = 0;    // 0: not known
  const char* module = "";    // empty: the kernel itself
};

class FrameNames {
 public:
  // More have no name.
  static constexpr size_t kMaxPlaces = 4096;

  void add(const Trace& trace);
  // Names what was added. What cannot be named stays empty; returns why, or empty.
  std::string resolve(Vmcore& vmcore, MemoryReader& reader, const KernelTypes& types,
                      const std::vector<KernelModule>& modules);
  // Empty where it was not added.
  FrameName of(const Frame& frame) const;

 private:
  struct Place {
    uint64_t at = 0;  // Frame::named_by()
    std::string function, module;
    uint64_t offset = 0, size_bytes = 0;
  };
  void name_kernel(Kallsyms& table);
  void name_module(const KernelModule& module, MemoryReader& reader, const KernelTypes& types);

  std::vector<Place> places_;  // ascending, once resolved
};

}  // namespace kdump
