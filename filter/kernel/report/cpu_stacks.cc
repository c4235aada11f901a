#include "filter/kernel/report/cpu_stacks.h"

#include "filter/core_file/elf_core.h"

namespace kdump {
namespace {

constexpr uint64_t kStackBytes = 16 * 1024;    // THREAD_SIZE, IRQ_STACK_SIZE
constexpr uint64_t kLargeStack = 64 * 1024;    // with KASAN, or pages of 64 KiB
constexpr uint64_t kOverflowBytes = 4 * 1024;  // OVERFLOW_STACK_SIZE

struct ExceptionStackRow {
  StackKind kind;
  Type member;  // of struct cea_exception_stacks
};
constexpr ExceptionStackRow kExceptionStacks[] = {
    {StackKind::double_fault, Type::estacks_df}, {StackKind::nmi, Type::estacks_nmi},
    {StackKind::debug, Type::estacks_db},        {StackKind::machine_check, Type::estacks_mce},
    {StackKind::vc, Type::estacks_vc},           {StackKind::vc2, Type::estacks_vc2},
};

}  // namespace

CpuStacks::CpuStacks(uint16_t elf_machine, MemoryReader& reader, const KernelSymbols& symbols,
                     const KernelTypes& types)
    : elf_machine_(elf_machine), reader_(reader), symbols_(symbols), types_(types) {}

// The address of a per-CPU variable.
std::optional<uint64_t> CpuStacks::of_cpu(const char* symbol, uint32_t cpu) {
  const auto at = symbols_.find(symbol), offsets = symbols_.find("__per_cpu_offset");
  if (!at || !offsets) return std::nullopt;
  const auto offset = reader_.read<uint64_t>(offsets->value + cpu * sizeof(uint64_t));
  return offset ? std::optional(at->value + *offset) : std::nullopt;
}

// x86 has a variable, in pcpu_hot from d7b6d709a76a ("x86/percpu: Move irq_stack variables next to
// current_task", v6.2) until 6.14; every architecture has the run queue.
std::optional<uint64_t> CpuStacks::current_task(uint32_t cpu) {
  if (const auto at = of_cpu("current_task", cpu)) return reader_.read<uint64_t>(*at);
  if (const auto at = of_cpu("pcpu_hot", cpu))
    if (auto task = types_.read<uint64_t>(reader_, *at, Type::hot_current_task)) return task;
  const auto queue = of_cpu("runqueues", cpu);
  return queue ? types_.read<uint64_t>(reader_, *queue, Type::rq_curr) : std::nullopt;
}

// A stack is aligned by its size. Too long a one does no harm: what lies behind is not mapped, or
// another task's.
Stack CpuStacks::task_stack(uint64_t stack) const {
  uint64_t size = kStackBytes;
  while (size < kLargeStack && alignment_ != 0 && (alignment_ & (2 * size - 1)) == 0) size *= 2;
  return {StackKind::task, stack, stack + size};
}

Stack CpuStacks::around(uint64_t sp) {
  const uint64_t begin = sp & ~(kStackBytes - 1);
  return {StackKind::unknown, begin, begin + kStackBytes};
}

std::vector<Stack> CpuStacks::stacks_of(uint32_t cpu) {
  std::vector<Stack> stacks;
  if (elf_machine_ == kMachineX86_64) add_x86(cpu, stacks);
  if (elf_machine_ == kMachineAarch64) add_arm64(cpu, stacks);
  return stacks;
}

void CpuStacks::add_x86(uint32_t cpu, std::vector<Stack>& stacks) {
  auto pointer = of_cpu("hardirq_stack_ptr", cpu);
  if (!pointer)
    if (const auto hot = of_cpu("pcpu_hot", cpu))
      pointer = types_.address(*hot, Type::hot_hardirq_stack_ptr);
  // It points to the last word.
  const TypeQuery& irq = types_.query(Type::irq_stack);
  const uint64_t irq_bytes = irq.is_found ? irq.size_bytes : kStackBytes;
  const auto last = pointer ? reader_.read<uint64_t>(*pointer) : std::nullopt;
  if (last && *last != 0)
    stacks.push_back(
        {StackKind::irq, *last + sizeof(uint64_t) - irq_bytes, *last + sizeof(uint64_t)});

  const auto area = of_cpu("cea_exception_stacks", cpu);
  const auto exceptions = area ? reader_.read<uint64_t>(*area) : std::nullopt;
  if (!exceptions || *exceptions == 0) return;
  for (const ExceptionStackRow& row : kExceptionStacks)
    if (const auto begin = types_.address(*exceptions, row.member))
      stacks.push_back({row.kind, *begin, *begin + types_.query(row.member).size_bytes});
  const TypeQuery& entry = types_.query(Type::entry_area_entry_stack);
  if (entry.is_found && types_.has(Type::entry_area_estacks)) {
    const uint64_t begin =
        *exceptions - types_.query(Type::entry_area_estacks).offset() + entry.offset();
    stacks.push_back({StackKind::entry, begin, begin + entry.size_bytes});
  }
}

void CpuStacks::add_arm64(uint32_t cpu, std::vector<Stack>& stacks) {
  const auto add_pointed = [&](const char* symbol, StackKind kind) {
    const auto pointer = of_cpu(symbol, cpu);
    const auto begin = pointer ? reader_.read<uint64_t>(*pointer) : std::nullopt;
    if (begin && *begin != 0) stacks.push_back({kind, *begin, *begin + task_stack(0).end});
  };
  add_pointed("irq_stack_ptr", StackKind::irq);
  if (const auto overflow = of_cpu("overflow_stack", cpu))
    stacks.push_back({StackKind::overflow, *overflow, *overflow + kOverflowBytes});
  add_pointed("sdei_stack_normal_ptr", StackKind::sdei);
}

}  // namespace kdump
