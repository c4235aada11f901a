// How a target comes to its server: the one seam between targets that need a network and whatever
// brings it up. PID 1 has a Network that configures interfaces by the kernel's arguments; the
// command has one that uses the machine's network as it is and changes nothing.
#pragma once

#include <memory>
#include <string>

#include "filter/base/observer.h"
#include "filter/base/result.h"
#include "net/base/socket_address.h"

namespace kdump {

// A server that answered a TCP connection, and how it was reached.
struct Route {
  SocketAddress server;
  SocketAddress local;    // our own address on that way, port 0
  std::string interface;  // for messages; empty where it is not known
};

class Network {
 public:
  virtual ~Network() = default;

  // Finds a way to the server: brings up what is configured (at the first call, or again where a
  // link was lost), resolves the name, tries its addresses with a TCP connection that is closed
  // at once. Repeatable; every wait has step_s seconds and is reported to the observer.
  // host: a name, an IPv4 address, or an IPv6 address without brackets, with %zone if link-local.
  // Fails: io, with what was tried (interface, name, address, errno) in the text.
  virtual Result<Route> reach(const std::string& host, uint16_t port, uint32_t step_s,
                              Observer& observer) = 0;
};

// The machine's network as it is.
std::unique_ptr<Network> network_as_it_is();

}  // namespace kdump
