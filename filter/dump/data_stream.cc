#include "filter/dump/data_stream.h"

#include <algorithm>

namespace kdump {

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
  return write_out();
}

Result<> DataStream::write_out() {
  if (used_ == 0) return {};
  TRY(sink_.write_at(buffer_start_, Bytes(buffer_.data(), used_)));
  buffer_start_ += used_;
  written_ = buffer_start_;
  used_ = 0;
  return {};
}

}  // namespace kdump
