// The pages' part of a dump file: bytes one after the other, collected into large writes at
// aligned offsets, one of which is under way while the next is filled. Knows how far the sink has
// taken them, so that nothing ever points at bytes that are not there.
#pragma once

#include "filter/dump/output/write_behind.h"

namespace kdump {

class DataStream {
 public:
  // Two buffers of buffer_bytes. start: a multiple of kIoAlignment. limit: no byte is written at or
  // beyond it; unless gaps take room, what is left out moves it on. Nobody else may use the sink
  // but after flush(), and before the next append().
  static Result<DataStream> create(Sink& sink, uint64_t buffer_bytes, uint64_t start,
                                   uint64_t limit, bool gaps_take_room = true);

  uint64_t position() const { return buffer_start_ + used_; }  // of the next byte appended
  uint64_t written() const { return written_; }                // below it, all is in the sink
  bool fits(uint64_t size) const { return position() <= limit_ && size <= limit_ - position(); }
  // The bytes that lie there in the dump, while one of the buffers still has them: about as much as
  // both hold. Empty where that is over.
  Bytes held(uint64_t offset, uint64_t size) const;
  // Time spent waiting for the sink so far.
  uint64_t waited_ns() const { return behind_.waited_ns(); }

  // The caller has asked fits(). Fails: as this or an earlier write did; then nothing is under way,
  // and nothing more may be appended.
  Result<> append(Bytes data);
  // Leaves `size` bytes out: they read as zeros, if anything is appended after them.
  Result<> skip(uint64_t size);
  // Everything appended is in the sink; what follows starts at an aligned offset.
  Result<> flush();

 private:
  DataStream(Sink& sink, AlignedBuffer buffer, AlignedBuffer spare, uint64_t start, uint64_t limit,
             bool gaps_take_room)
      : behind_(sink, std::move(spare)),
        buffer_(std::move(buffer)),
        buffer_start_(start),
        limit_(limit),
        gaps_take_room_(gaps_take_room) {}

  Result<> settle();
  Result<> write_out();
  void turn();

  // What the buffer that was written last has.
  struct Held {
    uint64_t start = 0;
    Bytes bytes;
  };

  WriteBehind behind_;
  AlignedBuffer buffer_;
  Held before_;            // before the buffer, in the other one
  uint64_t buffer_start_;  // where the buffer's first byte will lie
  size_t used_ = 0;
  uint64_t started_ = 0;  // end of the write that is under way, or was
  uint64_t written_ = 0;
  uint64_t limit_;
  bool gaps_take_room_;
};

}  // namespace kdump
