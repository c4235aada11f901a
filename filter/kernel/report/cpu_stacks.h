// Where the stacks lie that a CPU may run on, and which task runs there.
//
// Source: arch/x86/include/asm/cpu_entry_area.h and processor.h, arch/arm64/kernel/irq.c.
#pragma once

#include <vector>

#include "filter/kernel/types/kernel_types.h"
#include "filter/kernel/unwind/trace.h"

namespace kdump {

class CpuStacks {
 public:
  // The arguments must outlive this.
  CpuStacks(uint16_t elf_machine, MemoryReader& reader, const KernelSymbols& symbols,
            const KernelTypes& types);

  // Address of the task_struct of the task that runs on that CPU. nullopt: not known.
  std::optional<uint64_t> current_task(uint32_t cpu);
  // The stack of a task whose lowest address is `stack`.
  Stack task_stack(uint64_t stack) const;
  // The stacks of the CPU, without that of its task.
  std::vector<Stack> stacks_of(uint32_t cpu);
  // Without BTF no stack is known: the aligned memory around `sp` that a stack would take.
  static Stack around(uint64_t sp);
  // Learns from one task how stacks are aligned, so how long they may be.
  void learn(uint64_t stack) { alignment_ |= stack; }

 private:
  std::optional<uint64_t> of_cpu(const char* symbol, uint32_t cpu);
  void add_x86(uint32_t cpu, std::vector<Stack>& stacks);
  void add_arm64(uint32_t cpu, std::vector<Stack>& stacks);

  uint16_t elf_machine_;
  MemoryReader& reader_;
  const KernelSymbols& symbols_;
  const KernelTypes& types_;
  uint64_t alignment_ = 0;  // of all tasks' stacks together: a bit that is 0 is 0 in each
};

}  // namespace kdump
