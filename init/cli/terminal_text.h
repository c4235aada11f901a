// Makes a crashed kernel's text safe for a terminal: the log may contain control sequences. Passes
// on printable ASCII, tabs and line ends, everything else as \xNN, as dmesg(1) does in the C
// locale. Only for terminals: a file or a pipe gets the exact bytes.
#pragma once

#include "filter/base/sink.h"

namespace kdump {

class TerminalText final : public Sink {
 public:
  // out must outlive this; it is written forward from offset 0.
  explicit TerminalText(Sink& out) : out_(out) {}
  // Strictly forward: the offset is that of the text before it was escaped.
  Result<> write_at(uint64_t offset, Bytes data) override;

 private:
  Sink& out_;
  uint64_t written_ = 0;
};

}  // namespace kdump
