// Many small reads of the crashed kernel's memory, within a time budget: lists, stacks, tables.
// Keeps a few pages, for most reads follow one that lay close before them. Everything read is
// hostile: a read that the page tables do not allow fails, and once the time is over all do, so
// that every walk ends; is_cut_short() then gives the reason.
//
// Addresses are virtual ones of the crashed kernel.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "filter/base/sys.h"
#include "filter/kernel/memory/address_space.h"

namespace kdump {

class MemoryReader {
 public:
  // space and sys must outlive this. budget_ms: from now on.
  MemoryReader(AddressSpace& space, Sys& sys, int64_t budget_ms)
      : space_(space), sys_(sys), until_ms_(sys.monotonic_ms() + budget_ms) {}

  // Copies. False: some of it cannot be read, or the time is over.
  bool read(uint64_t at, MutableBytes out);
  template <class T>
  std::optional<T> read(uint64_t at) {
    T value;
    if (!read(at, {reinterpret_cast<uint8_t*>(&value), sizeof value})) return std::nullopt;
    return value;
  }
  // The memory from `at` to the end of its page, in place: valid until the next call. Empty where
  // read() fails.
  Bytes view(uint64_t at);
  // Up to the NUL, at most max_bytes, printable ASCII. Empty where it cannot be read.
  std::string text(uint64_t at, size_t max_bytes);

  bool is_cut_short() const { return is_over_; }

 private:
  static constexpr uint64_t kPageBytes = 4096;  // no machine has smaller pages
  static constexpr size_t kSlots = 16;
  struct Slot {
    uint64_t page = 1;  // its address; 1: none
    std::array<uint8_t, kPageBytes> bytes;
  };

  bool is_over();

  AddressSpace& space_;
  Sys& sys_;
  int64_t until_ms_;
  bool is_over_ = false;
  std::unique_ptr<Slot[]> slots_ = std::make_unique<Slot[]>(kSlots);
};

}  // namespace kdump
