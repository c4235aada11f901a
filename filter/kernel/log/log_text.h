// Formats records of the kernel's log as syslog(2) and dmesg do (kernel/printk/printk.c,
// record_print_text()): "[   12.345678] text", with the prefix before each line of a record, or
// without prefixes for printk.time=0. All other bytes are passed unchanged; writers to terminals
// filter them (init/cli/terminal_text.h). Output is buffered and written to a sink.
#pragma once

#include <array>
#include <memory>

#include "filter/base/bytes.h"
#include "filter/base/sink.h"

namespace kdump {

class LogText {
 public:
  // out must outlive this; written sequentially from offset 0. with_times: prefix lines.
  LogText(Sink& out, bool with_times);

  // Limits the continuation lines that get a prefix; further ones are written without. The text of
  // a corrupt ring may consist of line ends only, each of which would add a prefix.
  void limit_continuations(uint64_t lines) { continuations_left_ = lines; }
  // Appends one record. Fails as the sink does.
  Result<> add_record(uint64_t ts_nsec, Bytes text);
  // Appends text that already has times and line ends; add_records() adds its number of records.
  Result<> add_text(Bytes text) { return add(text); }
  void add_records(uint64_t records) { records_ += records; }
  // Writes the rest of the buffer to the sink.
  Result<> finish();

  uint64_t records() const { return records_; }
  // Time of the newest record since boot; 0: unknown.
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
