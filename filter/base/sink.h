// All the engine knows of the outside world: bytes at offsets. Files, block devices and network
// targets implement it; a stream implements it by way of FlattenedSink
// (dump/output/flattened_sink.h).
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

struct Sink {
  virtual ~Sink() = default;
  // Writes all of `data` at byte `offset` or fails. Unwritten gaps read as zeros. A range may be
  // written again (headers are). After a failure of kind no_space further writes may still be
  // tried below the highest offset reached; any other failure ends the dump.
  virtual Result<> write_at(uint64_t offset, Bytes data) = 0;
};

}  // namespace kdump
