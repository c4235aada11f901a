// The data part of a dump file. Collects bytes into large writes at aligned offsets; one write is
// in progress while the next buffer is filled. written() is the end of the data in the sink, so
// that descriptors never point beyond it.
#pragma once

#include "filter/dump/output/write_behind.h"

namespace kdump {

class DataStream {
 public:
  // Allocates two buffers of buffer_bytes. start: a multiple of kIoAlignment. limit: no byte is
  // written at or beyond it; unless no_sparse_files, skip() raises it. Other code may use the sink
  // only between flush() and the next append(). Fails: io, without memory.
  static Result<DataStream> create(Sink& sink, uint64_t buffer_bytes, uint64_t start,
                                   uint64_t limit, bool no_sparse_files = true);

  uint64_t position() const { return buffer_start_ + used_; }  // offset of the next byte
  uint64_t written() const { return written_; }                // end of the data in the sink
  bool fits(uint64_t size) const { return position() <= limit_ && size <= limit_ - position(); }
  // Returns the bytes at `offset` of the dump if a buffer still holds them, else empty.
  Bytes held(uint64_t offset, uint64_t size) const;
  // Time spent waiting for the sink so far.
  uint64_t waited_ns() const { return behind_.waited_ns(); }

  // Appends `data`, for which the caller has checked fits(). Fails as this or an earlier write did;
  // no write is then in progress, and nothing more may be appended.
  Result<> append(Bytes data);
  // Leaves a gap of `size` bytes, which reads as zeros if data follows it.
  Result<> skip(uint64_t size);
  // Writes all buffered data and waits for it. The next data starts at an aligned offset.
  Result<> flush();

 private:
  DataStream(Sink& sink, AlignedBuffer buffer, AlignedBuffer spare, uint64_t start, uint64_t limit,
             bool no_sparse_files)
      : behind_(sink, std::move(spare)),
        buffer_(std::move(buffer)),
        buffer_start_(start),
        limit_(limit),
        no_sparse_files_(no_sparse_files) {}

  Result<> settle();
  Result<> write_out();
  void turn();

  // Contents of the buffer written last.
  struct Held {
    uint64_t start = 0;
    Bytes bytes;
  };

  WriteBehind behind_;
  AlignedBuffer buffer_;
  Held before_;            // the bytes before buffer_, in the other buffer
  uint64_t buffer_start_;  // offset of the buffer's first byte
  size_t used_ = 0;
  uint64_t started_ = 0;  // end of the last write started
  uint64_t written_ = 0;
  uint64_t limit_;
  bool no_sparse_files_;
};

}  // namespace kdump
