// Decodes the registers of a CPU from its NT_PRSTATUS note. The values are not checked: those of a
// corrupt vmcore may be meaningless.
//
// Source: include/uapi/linux/elfcore.h; struct user_regs_struct of x86_64, user_pt_regs of arm64.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "filter/core_file/elf_core.h"

namespace kdump {

struct RegisterRow {
  const char* name;
  uint32_t index;  // of its 64 bits among the registers
};

struct CpuRegisters {
  int32_t pid = 0;  // of the task that ran there; 0: idle
  Vaddr ip, sp;
  Bytes values;                            // the registers, in the note's layout
  std::span<const RegisterRow> rows = {};  // their names and indices

  uint64_t value(const RegisterRow& row) const {
    return load<uint64_t>(values.data() + 8 * row.index);
  }
};

// Returns a view of the note's registers; nullopt if it is no NT_PRSTATUS note or the machine is
// unsupported.
std::optional<CpuRegisters> read_registers(const Note& note, uint16_t elf_machine);

}  // namespace kdump
