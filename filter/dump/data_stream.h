// The pages' part of a dump file: bytes one after the other, collected into large writes at
// aligned offsets. Knows how far the sink has taken them, so that nothing ever points at bytes
// that are not there.
#pragma once

#include "filter/base/sink.h"
#include "filter/dump/aligned_buffer.h"

namespace kdump {

class DataStream {
 public:
  // start: a multiple of kIoAlignment. limit: no byte is written at or beyond it.
  DataStream(Sink& sink, AlignedBuffer buffer, uint64_t start, uint64_t limit)
      : sink_(sink), buffer_(std::move(buffer)), buffer_start_(start), limit_(limit) {}

  uint64_t position() const { return buffer_start_ + used_; }  // of the next byte appended
  uint64_t written() const { return written_; }                // below it, all is in the sink
  bool fits(uint64_t size) const { return position() <= limit_ && size <= limit_ - position(); }

  // The caller has asked fits().
  Result<> append(Bytes data);
  // Leaves `size` bytes out: they read as zeros, if anything is appended after them.
  Result<> skip(uint64_t size);
  // Everything appended goes to the sink; what follows starts at an aligned offset.
  Result<> flush();

 private:
  Result<> write_out();

  Sink& sink_;
  AlignedBuffer buffer_;
  uint64_t buffer_start_;  // where the buffer's first byte will lie
  size_t used_ = 0;
  uint64_t written_ = 0;
  uint64_t limit_;
};

}  // namespace kdump
