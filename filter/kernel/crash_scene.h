// What the CPUs were doing when the kernel crashed: their registers, by number, with the names of
// functions, and which of them it was that panicked. No debug symbols are needed; what kallsyms
// does not tell stays open.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filter/core_file/cpu_registers.h"
#include "filter/kernel/symbols/kallsyms.h"
#include "filter/kernel/vmcore.h"

namespace kdump {

struct CpuState {
  std::optional<uint32_t> cpu;  // its number; empty: not known
  CpuRegisters registers;       // views the vmcore's notes
  Kallsyms::Place function;     // at the instruction pointer
};

struct CrashScene {
  std::vector<CpuState> cpus;         // in the order of their notes, which is that of their numbers
  std::optional<uint32_t> panic_cpu;  // the number of the one that panicked
  std::optional<size_t> panicked;     // its place in `cpus`
  std::vector<std::string> warnings;  // why something of it is not known
};

// Registers and numbers alone, no functions. The result views the vmcore.
CrashScene read_cpu_states(Vmcore& vmcore);
// With the functions named, which takes a pass over kallsyms.
CrashScene find_crash_scene(Vmcore& vmcore);

}  // namespace kdump
