#include "filter/core_file/cpu_registers.h"

#include <elf.h>

namespace kdump {
namespace {

// struct elf_prstatus of 64-bit machines.
constexpr size_t kPidOffset = 32, kRegistersOffset = 112;

// In the order that the kernel's own messages have them.
constexpr RegisterRow kX86_64Rows[] = {
    {"rip", 16}, {"cs", 17},  {"rsp", 19},      {"ss", 20},      {"eflags", 18},  {"rax", 10},
    {"rbx", 5},  {"rcx", 11}, {"rdx", 12},      {"rsi", 13},     {"rdi", 14},     {"rbp", 4},
    {"r8", 9},   {"r9", 8},   {"r10", 7},       {"r11", 6},      {"r12", 3},      {"r13", 2},
    {"r14", 1},  {"r15", 0},  {"orig_rax", 15}, {"fs_base", 21}, {"gs_base", 22},
};
constexpr RegisterRow kArm64Rows[] = {
    {"pc", 32},  {"lr", 30},  {"sp", 31},  {"pstate", 33}, {"x0", 0},   {"x1", 1},   {"x2", 2},
    {"x3", 3},   {"x4", 4},   {"x5", 5},   {"x6", 6},      {"x7", 7},   {"x8", 8},   {"x9", 9},
    {"x10", 10}, {"x11", 11}, {"x12", 12}, {"x13", 13},    {"x14", 14}, {"x15", 15}, {"x16", 16},
    {"x17", 17}, {"x18", 18}, {"x19", 19}, {"x20", 20},    {"x21", 21}, {"x22", 22}, {"x23", 23},
    {"x24", 24}, {"x25", 25}, {"x26", 26}, {"x27", 27},    {"x28", 28}, {"x29", 29},
};

struct MachineRow {
  uint16_t elf_machine;
  uint32_t registers;  // number of registers of 64 bits
  uint32_t ip, sp;     // which of them
  std::span<const RegisterRow> rows;
};
constexpr MachineRow kMachines[] = {
    {kMachineX86_64, 27, 16, 19, kX86_64Rows},
    {kMachineAarch64, 34, 32, 31, kArm64Rows},
};

}  // namespace

std::optional<CpuRegisters> read_registers(const Note& note, uint16_t elf_machine) {
  if (note.name != "CORE" || note.type != NT_PRSTATUS) return std::nullopt;
  for (const MachineRow& machine : kMachines) {
    const size_t size = machine.registers * sizeof(uint64_t);
    if (machine.elf_machine != elf_machine || note.desc.size() < kRegistersOffset + size) continue;
    const Bytes values = note.desc.subspan(kRegistersOffset, size);
    return CpuRegisters{.pid = load<int32_t>(note.desc.data() + kPidOffset),
                        .ip = {load<uint64_t>(values.data() + 8 * machine.ip)},
                        .sp = {load<uint64_t>(values.data() + 8 * machine.sp)},
                        .values = values,
                        .rows = machine.rows};
  }
  return std::nullopt;
}

}  // namespace kdump
