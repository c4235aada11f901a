// An IP address with a port, as connect(2) takes it.
#pragma once

#include <netinet/in.h>

#include <string>

namespace kdump {

struct SocketAddress {
  // sin_family selects the member; IPv6 link-local addresses carry their zone in sin6_scope_id.
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  SocketAddress() : v6{} {}

  bool is_v6() const { return any.sa_family == AF_INET6; }
  uint32_t size() const { return is_v6() ? sizeof v6 : sizeof v4; }
  std::string host_text() const;  // for mount options: 192.0.2.1, 2001:db8::1, fe80::1%eth0
  std::string text() const;       // with the port: 192.0.2.1:22, [2001:db8::1]:22
};

}  // namespace kdump
