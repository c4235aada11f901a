#include "net/fence_kdump.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/base/tcp_socket.h"

using namespace kdump;

TEST_CASE("the message is fence_kdump's, to every node") {
  Socket receiver(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SocketAddress at;
  at.v4 = {
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  REQUIRE(::bind(receiver.get(), &at.any, at.size()) == 0);
  socklen_t size = sizeof at.v4;
  REQUIRE(::getsockname(receiver.get(), &at.any, &size) == 0);

  const auto node = *IpAddress::parse("127.0.0.1");
  int error = 0;
  CHECK(send_fence_kdump({node, node}, ntohs(at.v4.sin_port), error) == 2);
  for (int i = 0; i < 2; ++i) {
    pollfd waiting{.fd = receiver.get(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&waiting, 1, 60'000) == 1);
    uint8_t message[64];
    REQUIRE(::recv(receiver.get(), message, sizeof message, MSG_DONTWAIT) == 8);
    CHECK(memcmp(message, "\x40\x2a\x30\x1b\x01\x00\x00\x00", 8) == 0);
  }
}

TEST_CASE("an unreachable node is an error, and the others still get the message") {
  int error = 0;
  // Broadcast, which a socket must ask for.
  const auto nowhere = *IpAddress::parse("255.255.255.255");
  CHECK(send_fence_kdump({nowhere, *IpAddress::parse("127.0.0.1")}, 9, error) == 1);
  CHECK(error != 0);
  CHECK(send_fence_kdump({nowhere}, 9, error) == 0);
}
