// Performs one large write in a thread while the caller prepares the next: compression overlaps
// with waiting for the device, also on one CPU and with a synchronous sink. Measures the time that
// the caller waits, for compress=auto.
//
// At most one write is in progress. The caller must call wait() before it uses the sink directly.
#pragma once

#include <memory>

#include "filter/base/aligned_buffer.h"
#include "filter/base/sink.h"

namespace kdump {

class WriteBehind {
 public:
  // spare: a buffer of the same size as the caller's, with which start() swaps it.
  WriteBehind(Sink& sink, AlignedBuffer spare);
  ~WriteBehind();  // waits for the write in progress
  WriteBehind(WriteBehind&&) noexcept;

  // Starts to write the first `used` bytes of `buffer` and swaps `buffer` with the spare one. No
  // write may be in progress. Without a thread it acts as write_now().
  Result<> start(uint64_t offset, AlignedBuffer& buffer, size_t used);
  // Writes synchronously. Swaps the buffers only on success.
  Result<> write_now(uint64_t offset, AlignedBuffer& buffer, size_t used);
  // Returns the buffer written last or in progress; read only.
  Bytes spare() const;
  // Waits for the write in progress. Returns its error once.
  Result<> wait();

  // Time that the caller has waited for the sink so far, ns.
  uint64_t waited_ns() const;

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

uint64_t monotonic_ns();

}  // namespace kdump
