// A TCP connection, made within a deadline.
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

// until_ms: of Sys::monotonic_ms. A non-blocking socket; without one, error has the errno.
Socket connect_tcp(const SocketAddress& server, int64_t until_ms, int& error);

}  // namespace kdump
