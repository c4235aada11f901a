// The symbols of the crashed kernel that the filter, `info` and the crash report need, looked up in
// kallsyms in one pass.
#pragma once

#include <vector>

#include "filter/kernel/symbols/kallsyms.h"

namespace kdump {

class KernelSymbols {
 public:
  // Never fails: without kallsyms every symbol is missing, and why() returns the reason.
  KernelSymbols(const Vmcoreinfo& info, AddressSpace& space);

  const char* why() const { return why_.text; }  // empty: kallsyms was read
  // name: one of those in kernel_symbols.cc.
  std::optional<Vaddr> find(std::string_view name) const;

 private:
  std::vector<Kallsyms::SymbolQuery> wanted_;
  Error why_;
};

}  // namespace kdump
