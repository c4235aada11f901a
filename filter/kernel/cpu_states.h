// The state of each CPU at the crash: its registers, the function at its instruction pointer, and
// the CPU that panicked. Needs no debug symbols: names come from kallsyms. Without kallsyms they
// stay empty.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filter/core_file/cpu_registers.h"
#include "filter/kernel/symbols/kallsyms.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

struct CpuState {
  std::optional<uint32_t> cpu;  // its number; nullopt: unknown
  CpuRegisters registers;       // views the vmcore's notes
  Kallsyms::Place function;     // at the instruction pointer
};

struct CpuStates {
  std::vector<CpuState> cpus;         // in the order of their notes, ascending by CPU number
  std::optional<uint32_t> panic_cpu;  // number of the CPU that panicked
  std::optional<size_t> panicked;     // its index in `cpus`
  std::vector<std::string> warnings;  // reasons why something is unknown
};

// Reads registers and numbers only, no functions. Never fails. The result views the vmcore, which
// must outlive it.
CpuStates read_cpu_states(Vmcore& vmcore);
// Names the functions too, which takes a pass over kallsyms.
CpuStates find_cpu_states(Vmcore& vmcore);

}  // namespace kdump
