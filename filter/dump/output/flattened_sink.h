// makedumpfile's flattened form: a positional dump as a stream of (offset, size, bytes) records,
// so that pipes and append-only targets can take it. `makedumpfile -R` restores the file, byte for
// byte; crash and libkdumpfile also read it as it is.
//
// crash takes records that overlap in no defined order, so there must be none. The writers write
// every byte once, but for the file's header: it is held back here until finish(). Its first
// version, marked incomplete, travels in the unused part of the stream's own header, from where
// the file of an interrupted stream can be completed (docs/format.md).
#pragma once

#include <array>
#include <optional>

#include "filter/base/sink.h"

namespace kdump {

class FlattenedSink final : public Sink {
 public:
  // The provisional file header in the stream: kdump's is 464 bytes, ELF's 64.
  static constexpr uint64_t kProvisionalOffset = 1024;
  static constexpr size_t kMaxHeaderBytes = 1024;

  // stream: written strictly forward, from offset 0. Must outlive this.
  explicit FlattenedSink(Sink& stream) : stream_(stream) {}

  // What starts at offset 0 and fits kMaxHeaderBytes is the file's header. After a failure every
  // further call fails in the same way: the position of the stream is unknown.
  Result<> write_at(uint64_t offset, Bytes data) override;
  // Writes the header and the end marker, without which readers reject the stream.
  Result<> finish();
  uint64_t stream_bytes() const { return position_; }

 private:
  Result<> start();
  Result<> write_record(uint64_t offset, Bytes data);
  Result<> append(Bytes data);

  Sink& stream_;
  uint64_t position_ = 0;
  std::array<uint8_t, kMaxHeaderBytes> header_{};
  size_t header_size_ = 0;
  std::optional<Error> failed_;
};

}  // namespace kdump
