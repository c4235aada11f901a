// Counts the bytes written through it, for DumpResult and Progress. The counts may be read while
// another thread writes.
#pragma once

#include <algorithm>
#include <atomic>

#include "filter/base/sink.h"

namespace kdump {

class CountedSink final : public Sink {
 public:
  explicit CountedSink(Sink& sink) : sink_(sink) {}

  Result<> write_at(uint64_t offset, Bytes data) override {
    TRY(sink_.write_at(offset, data));
    bytes_ += data.size();
    end_ = std::max(end_.load(), offset + data.size());
    return {};
  }
  uint64_t bytes() const { return bytes_; }
  uint64_t end() const { return end_; }

 private:
  Sink& sink_;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> end_ = 0;
};

}  // namespace kdump
