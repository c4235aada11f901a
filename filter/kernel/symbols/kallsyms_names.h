// Reads the compressed names of kallsyms sequentially: strings of codes, each of which stands for a
// token. A lookup passes over hundreds of thousands of names, hence no copies and inline code.
//
// Not here: the tokens (kallsyms.h).
// Source: get_symbol_offset() and kallsyms_expand_symbol() of kernel/kallsyms.c.
#pragma once

#include <array>

#include "filter/kernel/memory/address_space.h"

namespace kdump {

class KallsymsNames {
 public:
  // KSYM_NAME_LEN is 512 since b8a94bfb3395 ("kallsyms: increase maximum kernel symbol length to
  // 512", v6.1); the symbol's type precedes each name.
  static constexpr size_t kMaxNameBytes = 1 + 512;

  // space must outlive this.
  KallsymsNames(AddressSpace& space, Vaddr table)
      : space_(space), begin_(table.value), next_(table.value) {}

  // Sets `codes` to the codes of the next symbol, valid until the next call; empty if it is longer
  // than a name can be. Returns false if the table is unreadable from here on; why() has the error.
  bool next(Bytes& codes) {
    if (left() < kMaxBytes || buffer_[used_] >= kLong) return next_checked(codes);
    const size_t size = buffer_[used_];
    codes = Bytes(buffer_.data() + used_ + 1, size);
    used_ += 1 + size;
    return true;
  }
  const Error& why() const { return why_; }

 private:
  static constexpr size_t kMaxBytes = 2 + kMaxNameBytes;
  static constexpr size_t kChunk = 4096;
  static constexpr uint32_t kLong = 0x80;  // in the first byte of a size that has two

  size_t left() const { return filled_ - used_; }
  bool next_checked(Bytes& codes);
  void fill();

  AddressSpace& space_;
  uint64_t begin_, next_;  // of the table; of what the buffer does not hold yet
  size_t used_ = 0, filled_ = 0;
  Error why_;  // the buffer could not be filled
  std::array<uint8_t, kMaxBytes + kChunk> buffer_ = {};
};

}  // namespace kdump
