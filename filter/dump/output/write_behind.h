// One large write under way while the caller makes the next one: on a machine with one CPU that
// overlaps compression with whatever waits for the device, whether the sink itself is asynchronous
// or not. Knows how long the caller had to wait, which is what compress=auto goes by.
//
// At most one write is under way, and while it is nobody else may use the sink: whoever writes to
// it directly calls wait() first.
#pragma once

#include <memory>

#include "filter/base/aligned_buffer.h"
#include "filter/base/sink.h"

namespace kdump {

class WriteBehind {
 public:
  // spare: takes turns with the caller's buffer; of the same size.
  WriteBehind(Sink& sink, AlignedBuffer spare);
  ~WriteBehind();  // waits for what is under way
  WriteBehind(WriteBehind&&) noexcept;

  // Begins to write the first `used` bytes of `buffer`, which becomes the other buffer. Nothing may
  // be under way.
  Result<> start(uint64_t offset, AlignedBuffer& buffer, size_t used);
  // The same, and waits. Where it fails the buffer stays.
  Result<> write_now(uint64_t offset, AlignedBuffer& buffer, size_t used);
  // What was written last, or is being written: to be read only.
  Bytes spare() const;
  // Ends when nothing is under way; fails as the write did, once.
  Result<> wait();

  // Time that the caller has spent waiting for the sink, so far.
  uint64_t waited_ns() const;

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

uint64_t monotonic_ns();

}  // namespace kdump
