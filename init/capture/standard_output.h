// Standard output as a sink that is written strictly forward: of the commands that print, and of a
// dump that goes to a pipe.
#pragma once

#include "filter/base/sink.h"
#include "filter/base/sys.h"

namespace kdump {

class StandardOutput final : public Sink {
 public:
  explicit StandardOutput(Sys& sys) : sys_(sys) {}
  // Fails: refused, where offset is not the end of what was written before.
  Result<> write_at(uint64_t offset, Bytes data) override;

 private:
  Sys& sys_;
  uint64_t position_ = 0;
};

}  // namespace kdump
