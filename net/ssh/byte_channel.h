// A non-blocking, bidirectional byte stream: the interface between the SFTP client and SSH.
// SshChannel implements it; tests use other implementations.
#pragma once

#include <string>

#include "filter/base/bytes.h"
#include "filter/base/result.h"

namespace kdump {

struct ByteChannel {
  virtual ~ByteChannel() = default;

  // Sends a part of `data` and returns its size; 0: the stream would block. After 0 the next call
  // must pass the same data, of which a part may be in transit.
  virtual Result<size_t> send_some(Bytes data) = 0;
  // Receives available bytes; 0: none now, or the end (is_at_end()).
  virtual Result<size_t> receive_some(MutableBytes out) = 0;
  virtual bool is_at_end() = 0;
  // Waits until the stream can send or has received something. Returns false at the deadline.
  virtual bool wait(int64_t until_ms) const = 0;

  struct ExitStatus {
    int status = -1;             // -1: killed by a signal, or not reported by the server
    std::string output, errors;  // the beginning of each stream
  };
  // Closes the sending direction, receives the rest, and waits for the exit status. Fails: timeout
  // at until_ms; io.
  virtual Result<ExitStatus> finish(int64_t until_ms) = 0;
};

}  // namespace kdump
