// makedumpfile's flattened form: a positional dump as a stream of (offset, size, bytes) records,
// so that pipes and append-only targets can take it. `makedumpfile -R` restores the file.
#pragma once

#include "filter/sink.h"

namespace kdump {

class FlattenedSink final : public Sink {
 public:
  // stream: written strictly forward, from offset 0. Must outlive this.
  explicit FlattenedSink(Sink& stream) : stream_(stream) {}

  Result<> write_at(uint64_t offset, Bytes data) override;
  // Writes the end marker, without which readers reject the stream.
  Result<> finish();
  uint64_t stream_bytes() const { return position_; }

 private:
  Result<> start();

  Sink& stream_;
  uint64_t position_ = 0;
};

}  // namespace kdump
