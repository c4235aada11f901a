// The interface between targets and the network. PID 1's Network configures interfaces according to
// kernel arguments (capture_network.h); the command uses the machine's network unchanged.
#pragma once

#include <memory>
#include <string>

#include "filter/base/observer.h"
#include "filter/base/result.h"
#include "net/base/socket_address.h"

namespace kdump {

// A server that accepted a TCP connection, and the route to it.
struct Route {
  SocketAddress server;
  SocketAddress local;    // the local address of that connection, port 0
  std::string interface;  // for messages; empty if unknown
};

class Network {
 public:
  virtual ~Network() = default;

  // Finds a route to the server: brings up the configured interfaces (in the first call, and again
  // after a lost link), resolves the name, and tests each address with a TCP connection that it
  // closes. Repeatable. Every wait takes at most step_s seconds and is reported to the observer.
  // host: a name, an IPv4 address, or an IPv6 address without brackets, with %zone if link-local.
  // Fails: io, with the interface, name, address and errno of each attempt in the text.
  virtual Result<Route> reach(const std::string& host, uint16_t port, uint32_t step_s,
                              Observer& observer) = 0;
};

// Returns a Network that uses the machine's network unchanged.
std::unique_ptr<Network> existing_network();

}  // namespace kdump
