// Records of the kernel's log as dmesg prints them: "[   12.345678] text", each further line of a
// record with the same prefix, bytes that are not printable as \xNN. Collects them in a buffer of
// fixed size and passes that on to a sink.
#pragma once

#include <array>
#include <memory>

#include "filter/base/bytes.h"
#include "filter/sink.h"

namespace kdump {

class LogText {
 public:
  // out must outlive this; it is written forward from offset 0.
  explicit LogText(Sink& out);

  // Fails as the sink does.
  Result<> add_record(uint64_t ts_nsec, Bytes text);
  // Passes on what is left in the buffer.
  Result<> finish();

  uint64_t records() const { return records_; }
  uint64_t bytes() const { return written_ + used_; }

 private:
  static constexpr size_t kBufferBytes = 64 * 1024;

  Result<> add(Bytes bytes);
  Result<> add_line(Bytes prefix, Bytes line);

  Sink& out_;
  uint64_t records_ = 0, written_ = 0;
  size_t used_ = 0;
  std::unique_ptr<std::array<uint8_t, kBufferBytes>> buffer_;
};

}  // namespace kdump
