// Records of the kernel's log as syslog(2), and so dmesg, gives them (kernel/printk/printk.c,
// record_print_text()): "[   12.345678] text", each further line of a record with the same prefix,
// or without any after printk.time=0; every other byte as it was logged. What a terminal makes of
// such bytes is its writer's concern (init/cli/terminal_text.h). Collects records in a buffer of
// fixed size and passes that on to a sink.
#pragma once

#include <array>
#include <memory>

#include "filter/base/bytes.h"
#include "filter/base/sink.h"

namespace kdump {

class LogText {
 public:
  // out must outlive this; it is written forward from offset 0.
  LogText(Sink& out, bool with_times);

  // How many lines that go on with a record get a prefix: those beyond it are written without one.
  // A corrupt ring may hold nothing but line ends.
  void limit_continuations(uint64_t lines) { continuations_left_ = lines; }
  // Fails as the sink does.
  Result<> add_record(uint64_t ts_nsec, Bytes text);
  // Text that has its times and line ends already, of as many records as add_records() says.
  Result<> add_text(Bytes text) { return add(text); }
  void add_records(uint64_t records) { records_ += records; }
  // Passes on what is left in the buffer.
  Result<> finish();

  uint64_t records() const { return records_; }
  // When the newest record was logged, since boot; 0: not known.
  uint64_t newest_ts_nsec() const { return newest_ts_nsec_; }
  uint64_t bytes() const { return written_ + used_; }

 private:
  static constexpr size_t kBufferBytes = 64 * 1024;

  Result<> add(Bytes bytes);

  Sink& out_;
  bool with_times_;
  uint64_t continuations_left_ = UINT64_MAX;
  uint64_t records_ = 0, newest_ts_nsec_ = 0, written_ = 0;
  size_t used_ = 0;
  std::unique_ptr<std::array<uint8_t, kBufferBytes>> buffer_;
};

}  // namespace kdump
