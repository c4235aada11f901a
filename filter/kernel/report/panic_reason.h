// Why a kernel crashed, in its own words: the line of its log that says so. Nothing is guessed
// from registers or stacks.
#pragma once

#include <string>
#include <string_view>

#include "filter/base/sink.h"

namespace kdump {

// A sink for the text of a kernel log.
class PanicReason final : public Sink {
 public:
  Result<> write_at(uint64_t offset, Bytes data) override;
  // The message of the first panic; without one, of the first oops or BUG; else empty. Call it
  // when the log has been written.
  std::string take();

 private:
  void end_line();

  std::string line_;
  std::string panic_;
  std::string oops_;
};

}  // namespace kdump
