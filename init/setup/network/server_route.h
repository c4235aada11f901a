// Asks the kernel by which route it reaches a server, as connect(2) does: once for the source
// address, then with it, since rules may depend on it.
#pragma once

#include "net/base/ip_address.h"
#include "net/link/netlink.h"

namespace kdump {

struct ServerRoute {
  IpAddress server;
  uint32_t link = 0;  // index of the interface
  IpAddress source;   // of packets to the server
  IpAddress gateway;  // of either family; none: on the link
  IpAddress network;  // of the matching route: the destination and its prefix, 0 for a default
  uint8_t prefix = 0;
  uint8_t protocol = 0;          // RTPROT_*, who made the route
  uint32_t mtu = 0;              // of the route; 0: the interface's
  bool is_local = false;         // the address is this machine's
  bool is_encapsulated = false;  // MPLS, segment routing and the like
  bool is_only_default = false;  // the one default route of its interface in the main table
};

// zone: index of the interface of a link-local address, else 0. Fails: with the kernel's errno
// where there is no route.
Result<ServerRoute> find_server_route(Netlink& netlink, const IpAddress& server, uint32_t zone);

}  // namespace kdump
