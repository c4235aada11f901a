#include "filter/dump/output/data_stream.h"

#include <algorithm>

namespace kdump {

Result<DataStream> DataStream::create(Sink& sink, uint64_t buffer_bytes, uint64_t start,
                                      uint64_t limit, bool no_sparse_files) {
  AlignedBuffer buffer = TRY(AlignedBuffer::allocate(buffer_bytes, "output buffer"));
  AlignedBuffer spare = TRY(AlignedBuffer::allocate(buffer_bytes, "second output buffer"));
  return DataStream(sink, std::move(buffer), std::move(spare), start, limit, no_sparse_files);
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
  if (!no_sparse_files_) limit_ += std::min(size, UINT64_MAX - limit_);
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
  TRY(behind_.write_now(buffer_start_, buffer_, used_));
  turn();
  written_ = started_;
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
  turn();
  return {};
}

// The buffer has become the other one, which has what was appended last.
void DataStream::turn() {
  before_ = {.start = buffer_start_, .bytes = behind_.spare().first(used_)};
  buffer_start_ += used_;
  started_ = buffer_start_;
  used_ = 0;
}

Bytes DataStream::held(uint64_t offset, uint64_t size) const {
  const Held buffer{.start = buffer_start_, .bytes = Bytes(buffer_.data(), used_)};
  for (const Held& each : {buffer, before_}) {
    const uint64_t into = offset - each.start;
    if (offset >= each.start && into <= each.bytes.size() && size <= each.bytes.size() - into)
      return each.bytes.subspan(into, size);
  }
  return {};
}

}  // namespace kdump
