// Two streams of bytes, there and back, without blocking: all that an SFTP client knows of SSH. Of
// an SSH session it is an SshChannel.
#pragma once

#include <string>

#include "filter/base/bytes.h"
#include "filter/base/result.h"

namespace kdump {

struct ByteChannel {
  virtual ~ByteChannel() = default;

  // Sends some of data; 0: nothing more goes now. After 0 the next call must be with the same
  // data: a piece of it may be half-sent.
  virtual Result<size_t> send_some(Bytes data) = 0;
  // What has come; 0: nothing now. is_at_end() tells whether more will.
  virtual Result<size_t> receive_some(MutableBytes out) = 0;
  virtual bool is_at_end() = 0;
  // Until something can be sent or has come. False: until_ms came.
  virtual bool wait(int64_t until_ms) const = 0;

  struct Ending {
    int status = -1;             // -1: ended by a signal, or the server does not say
    std::string output, errors;  // of each the beginning
  };
  // Closes our direction, takes what still comes, and waits for the end.
  virtual Result<Ending> finish(int64_t until_ms) = 0;
};

}  // namespace kdump
