// The engine's only output: bytes at offsets. Files, block devices and network targets implement
// it. Streams are written through FlattenedSink (dump/output/flattened_sink.h).
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

struct Sink {
  virtual ~Sink() = default;
  // Writes all of `data` at byte `offset` or fails. Unwritten gaps read as zeros. A range may be
  // overwritten, as headers are. After a failure of kind no_space the caller may still write below
  // the highest offset reached; any other failure ends the dump.
  virtual Result<> write_at(uint64_t offset, Bytes data) = 0;
};

}  // namespace kdump
