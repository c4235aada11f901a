#include "filter/dump/data_stream.h"

#include <algorithm>

namespace kdump {

Result<DataStream> DataStream::create(Sink& sink, uint64_t buffer_bytes, uint64_t start,
                                      uint64_t limit) {
  AlignedBuffer buffer = TRY(AlignedBuffer::allocate(buffer_bytes, "output buffer"));
  AlignedBuffer spare = TRY(AlignedBuffer::allocate(buffer_bytes, "second output buffer"));
  return DataStream(sink, std::move(buffer), std::move(spare), start, limit);
}

Result<> DataStream::append(Bytes data) {
  while (!data.empty()) {
    const size_t part = std::min(data.size(), buffer_.size() - used_);
    memcpy(buffer_.data() + used_, data.data(), part);
    used_ += part;
    data = data.subspan(part);
    if (used_ == buffer_.size()) TRY(write_out());
  }
  return {};
}

Result<> DataStream::skip(uint64_t size) {
  TRY(write_out());
  buffer_start_ += size;
  return {};
}

Result<> DataStream::flush() {
  // Start and size of the buffer are aligned, and nothing follows where the limit cuts this short,
  // so the padding always finds room.
  const uint64_t end = std::min(align_up(position(), kIoAlignment), limit_);
  memset(buffer_.data() + used_, 0, end - position());
  used_ = end - buffer_start_;
  TRY(settle());
  if (used_ == 0) return {};
  TRY(behind_.write_now(buffer_start_, Bytes(buffer_.data(), used_)));
  buffer_start_ += used_;
  started_ = written_ = buffer_start_;
  used_ = 0;
  return {};
}

// What was begun has ended.
Result<> DataStream::settle() {
  TRY(behind_.wait());
  written_ = started_;
  return {};
}

Result<> DataStream::write_out() {
  if (used_ == 0) return {};
  TRY(settle());
  TRY(behind_.start(buffer_start_, buffer_, used_));
  buffer_start_ += used_;
  started_ = buffer_start_;
  used_ = 0;
  return {};
}

}  // namespace kdump
