// Counts the bytes written through it, for DumpResult and Progress, and sums them for the dump's
// checksums. The counts may be read while another thread writes.
#pragma once

#include <algorithm>
#include <atomic>

#include "filter/dump/output/chunk_sums.h"

namespace kdump {

class CountedSink final : public Sink {
 public:
  explicit CountedSink(Sink& sink) : sink_(sink) {}

  Result<> write_at(uint64_t offset, Bytes data) override {
    if (const Result<> written = sink_.write_at(offset, data); !written) {
      lowest_failed_ = std::min(lowest_failed_, offset);
      return written;
    }
    sums_.add(offset, data);
    bytes_ += data.size();
    end_ = std::max(end_.load(), offset + data.size());
    return {};
  }
  uint64_t bytes() const { return bytes_; }
  uint64_t end() const { return end_; }
  // Of what was written; not while a write is under way. Where a write failed, the bytes there are
  // unknown: lowest_failed() says from which offset on.
  ChunkSums& sums() { return sums_; }
  uint64_t lowest_failed() const { return lowest_failed_; }

 private:
  Sink& sink_;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> end_ = 0;
  ChunkSums sums_;
  uint64_t lowest_failed_ = UINT64_MAX;
};

}  // namespace kdump
