// Page-aligned memory for the writers' large buffers. Allocation failure is an error, not an
// exception; the alignment permits direct I/O.
#pragma once

#include <cstdlib>

#include "filter/base/bytes.h"
#include "filter/base/owned.h"

namespace kdump {

constexpr size_t kIoAlignment = 4096;

constexpr uint64_t align_up(uint64_t value, uint64_t alignment) {  // alignment: a power of two
  return (value + alignment - 1) & ~(alignment - 1);
}

class AlignedBuffer {
 public:
  // Allocates uninitialized memory; the size is rounded up to kIoAlignment. purpose: for the error.
  // Fails: io, without memory.
  static Result<AlignedBuffer> allocate(size_t size_bytes, const char* purpose) {
    const size_t size = align_up(size_bytes, kIoAlignment);
    void* memory = std::aligned_alloc(kIoAlignment, size);
    if (memory == nullptr) return fail(Kind::io, "no memory for %zu bytes of %s", size, purpose);
    return AlignedBuffer(static_cast<uint8_t*>(memory), size);
  }
  AlignedBuffer() = default;

  uint8_t* data() const { return memory_.get(); }
  size_t size() const { return size_; }
  MutableBytes bytes() const { return {data(), size_}; }

 private:
  struct Traits {
    using Handle = uint8_t*;
    static constexpr Handle kNone = nullptr;
    static void release(Handle memory) { std::free(memory); }
  };
  AlignedBuffer(uint8_t* memory, size_t size) : memory_(memory), size_(size) {}

  Owned<Traits> memory_;
  size_t size_ = 0;
};

}  // namespace kdump
