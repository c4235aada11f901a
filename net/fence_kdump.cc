#include "net/fence_kdump.h"

#include <arpa/inet.h>

#include <cerrno>
#include <cstring>

#include "net/base/socket_address.h"
#include "net/base/tcp_socket.h"

namespace kdump {

size_t send_fence_kdump(const std::vector<IpAddress>& nodes, uint16_t port, int& error) {
  constexpr uint32_t kMessage[] = {0x1b302a40, 1};
  size_t sent = 0;
  error = 0;
  for (const IpAddress& node : nodes) {
    SocketAddress to;
    to.any.sa_family = node.family;
    if (node.is_v6()) {
      to.v6.sin6_port = htons(port);
      memcpy(&to.v6.sin6_addr, node.octets, node.size());
    } else {
      to.v4.sin_port = htons(port);
      memcpy(&to.v4.sin_addr, node.octets, node.size());
    }
    // A new socket each time: the route may have changed since the last message.
    const Socket socket(::socket(node.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket && ::sendto(socket.get(), kMessage, sizeof kMessage, 0, &to.any, to.size()) ==
                      static_cast<ssize_t>(sizeof kMessage))
      ++sent;
    else
      error = errno;
  }
  return sent;
}

}  // namespace kdump
