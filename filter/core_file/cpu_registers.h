// The registers that each CPU left in the vmcore: its NT_PRSTATUS note. Values are as they were;
// nothing says that they make sense.
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
  Bytes values;                            // the registers as the note has them
  std::span<const RegisterRow> rows = {};  // what they are called

  uint64_t value(const RegisterRow& row) const {
    return load<uint64_t>(values.data() + 8 * row.index);
  }
};

// nullopt: no such note, or of a machine that is not known here. Views the note.
std::optional<CpuRegisters> read_registers(const Note& note, uint16_t elf_machine);

}  // namespace kdump
