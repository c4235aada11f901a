// From a CPU's registers, or from where a sleeping task left off, to the addresses on its stacks.
// Names nothing. Everything read is hostile: at most Trace::kMaxFrames frames, stack pointers on
// known stacks only, each stack entered once and walked upwards.
#pragma once

#include <memory>

#include "filter/core_file/cpu_registers.h"
#include "filter/kernel/unwind/orc_table.h"
#include "filter/kernel/unwind/trace.h"

namespace kdump {

class Unwinder {
 public:
  virtual ~Unwinder() = default;
  // stacks: at most 64, those of the task that ran there first.
  virtual Trace unwind_cpu(const CpuRegisters& registers, std::span<const Stack> stacks) = 0;
  // task: the address of its task_struct; it runs on no CPU.
  virtual Trace unwind_task(uint64_t task, std::span<const Stack> stacks) = 0;
  // Code of a module, which traces may lead through.
  virtual void add_code(const CodeRegion& region) = 0;
};

// What an unwinder is made of; all of it must outlive it.
struct UnwindSources {
  MemoryReader& reader;
  const KernelSymbols& symbols;
  const KernelTypes& types;
  const Vmcoreinfo& info;
  uint64_t text_begin = 0;  // _stext
};

// x86_64: by ORC, or by frame pointers where the kernel has no ORC; arm64: by frame records.
// Fails: unsupported, with the reason.
Result<std::unique_ptr<Unwinder>> make_unwinder(uint16_t elf_machine, const UnwindSources& sources);

// The two of them.
Result<std::unique_ptr<Unwinder>> make_orc_unwinder(const UnwindSources& sources);
Result<std::unique_ptr<Unwinder>> make_frame_unwinder(uint16_t elf_machine,
                                                      const UnwindSources& sources);

}  // namespace kdump
