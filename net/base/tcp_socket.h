// Makes a TCP connection within a deadline.
#pragma once

#include "filter/base/owned.h"
#include "net/base/socket_address.h"

namespace kdump {

struct SocketTraits {
  using Handle = int;
  static constexpr int kNone = -1;
  static void release(int fd);
};
using Socket = Owned<SocketTraits>;

// Returns a connected, non-blocking socket; on failure an empty one, and `error` is the errno.
// until_ms: deadline on the clock of Sys::monotonic_ms.
Socket connect_tcp(const SocketAddress& server, int64_t until_ms, int& error);

}  // namespace kdump
