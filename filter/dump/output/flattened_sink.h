// makedumpfile's flattened format: a stream of (offset, size, bytes) records for pipes and
// append-only targets. `makedumpfile -R` restores the file byte for byte; crash and libkdumpfile
// read the stream directly.
//
// Records must not overlap, because crash applies overlapping records in no defined order. The
// writers write every byte once except the file header, which this sink holds back until finish().
// Its first version, marked incomplete, is stored in the unused part of the stream's header, so
// that the file of an interrupted stream can be completed (docs/format.md).
#pragma once

#include <array>
#include <optional>

#include "filter/base/sink.h"

namespace kdump {

class FlattenedSink final : public Sink {
 public:
  // Offset in the stream of the provisional file header: 464 bytes for kdump, 64 for ELF.
  static constexpr uint64_t kProvisionalOffset = 1024;
  static constexpr size_t kMaxHeaderBytes = 1024;

  // stream: written sequentially from offset 0; must outlive this.
  explicit FlattenedSink(Sink& stream) : stream_(stream) {}

  // Data at offset 0 of at most kMaxHeaderBytes is the file header. After a failure every further
  // call fails with the same error, since the position of the stream is unknown.
  Result<> write_at(uint64_t offset, Bytes data) override;
  // Writes the file header and the end marker, without which readers reject the stream; after the
  // marker, where no reader looks, the stream's checksum.
  Result<> finish();
  uint64_t stream_bytes() const { return position_; }

 private:
  Result<> start();
  Result<> write_record(uint64_t offset, Bytes data);
  Result<> append(Bytes data);
  uint32_t sum_with(Bytes data) const;

  Sink& stream_;
  uint64_t position_ = 0;
  uint32_t sum_ = 0;  // of everything before position_
  std::array<uint8_t, kMaxHeaderBytes> header_{};
  size_t header_size_ = 0;
  std::optional<Error> failed_;
};

}  // namespace kdump
