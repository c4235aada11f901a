#include "net/base/tcp_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "filter/base/sys.h"

namespace kdump {
namespace {

// 0, or the errno of a connection that did not come about in time.
int wait_connected(int fd, int64_t until_ms) {
  for (;;) {
    const int64_t left_ms = until_ms - real_sys().monotonic_ms();
    pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
    const int ready = left_ms > 0 ? ::poll(&waiting, 1, static_cast<int>(left_ms)) : 0;
    if (ready == 0) return ETIMEDOUT;
    if (ready < 0 && errno == EINTR) continue;
    int error = errno;
    socklen_t size = sizeof error;
    if (ready > 0) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
}

}  // namespace

void SocketTraits::release(int fd) { ::close(fd); }

Socket connect_tcp(const SocketAddress& server, int64_t until_ms, int& error) {
  Socket socket(::socket(server.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  error = socket ? 0 : errno;
  if (socket && ::connect(socket.get(), &server.any, server.size()) != 0)
    error = errno == EINPROGRESS ? wait_connected(socket.get(), until_ms) : errno;
  return error == 0 ? std::move(socket) : Socket();
}

}  // namespace kdump
