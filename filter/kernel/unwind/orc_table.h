// ORC: for each stretch of code how to find the caller's frame, as objtool writes it for x86_64, of
// the kernel and of modules. The format changed several times: the layout of an entry is taken from
// BTF, the numbers of registers from the header's hash or by counting.
//
// Source: arch/x86/include/asm/orc_types.h, arch/x86/kernel/unwind_orc.c.
#pragma once

#include <vector>

#include "filter/kernel/types/kernel_types.h"

namespace kdump {

// Code, and its ORC: `entries` sorted addresses (32-bit, each relative to itself) at `ips`, and as
// many entries at `orcs`.
struct CodeRegion {
  uint64_t begin = 0, end = 0;
  uint64_t ips = 0, orcs = 0;
  uint32_t entries = 0;  // 0: it has no ORC
};

struct OrcEntry {
  enum class Register : uint8_t {
    undefined,
    prev_sp,
    ax,
    dx,
    di,
    bp,
    sp,
    r10,
    r13,
    bp_indirect,
    sp_indirect,
  };
  enum class Kind : uint8_t { undefined, end_of_stack, call, regs, regs_partial };

  Register sp_reg = Register::undefined, bp_reg = Register::undefined;
  int16_t sp_offset = 0, bp_offset = 0;
  Kind kind = Kind::undefined;
  // The frame was interrupted: its address is that of an instruction, not a return address.
  // nullopt: the format does not tell, and only registers lead to such frames.
  std::optional<bool> is_signal;
};

class OrcTable {
 public:
  // Finds the kernel's table and its format. reader and types must outlive this. Fails:
  // unsupported, where there is none, or its format is not known.
  static Result<OrcTable> open(MemoryReader& reader, const KernelSymbols& symbols,
                               const KernelTypes& types, uint64_t text_begin);

  // Of modules.
  void add(const CodeRegion& region) { regions_.push_back(region); }

  // The entry that describes the code at `ip`. nullopt: there is none, or it cannot be read.
  std::optional<OrcEntry> find(uint64_t ip);
  // Whether `ip` lies in code of the kernel or of a module.
  bool is_code(uint64_t ip) const { return region_of(ip) != nullptr; }
  const char* format() const { return format_; }  // for messages

 private:
  struct Bits {
    uint8_t first = 0, count = 0;
  };

  explicit OrcTable(MemoryReader& reader) : reader_(&reader) {}
  Result<> choose_layout(const KernelTypes& types, Bytes header_hash);
  Result<> choose_registers(Bytes header_hash, const CodeRegion& kernel);
  OrcEntry decode(uint64_t raw) const;
  std::optional<uint64_t> raw_entry(const CodeRegion& region, uint32_t index);
  const CodeRegion* region_of(uint64_t ip) const;

  MemoryReader* reader_;
  std::vector<CodeRegion> regions_;
  uint32_t entry_bytes_ = 6;
  Bits sp_offset_, bp_offset_, sp_reg_, bp_reg_, type_, signal_, end_;
  std::span<const OrcEntry::Register> registers_;
  const char* format_ = "";
};

}  // namespace kdump
