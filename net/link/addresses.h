// Lists, adds and removes addresses and routes of interfaces through netlink. The caller decides
// which.
#pragma once

#include <vector>

#include "net/base/ip_address.h"
#include "net/link/links.h"
#include "net/link/netlink.h"

namespace kdump {

struct LinkAddress {
  uint32_t link = 0;  // its index
  IpAddress address;
  uint8_t prefix = 0;
  IpAddress peer;         // of a point-to-point link; none otherwise
  bool is_usable = true;  // not tentative: duplicate address detection is complete or not needed
  bool is_duplicate = false;  // another host uses it
  bool is_permanent = true;   // unlimited lifetime: of no lease and no advertisement
  // Returns true unless the address is link-local or loopback.
  bool is_global() const { return !address.is_link_local() && !address.is_loopback(); }
};

// All of these fail with the kernel's errno and error text, and with timeout (netlink.h).

Result<std::vector<LinkAddress>> list_addresses(Netlink& netlink);

// Adds an address with unlimited lifetime; succeeds if it exists. with_network: the kernel also
// adds the route to the address's network.
Result<> add_address(Netlink& netlink, const LinkAddress& address, bool with_network = true);
Result<> remove_address(Netlink& netlink, const LinkAddress& address);

struct LinkRoute {
  uint32_t link = 0;  // index; 0: the kernel chooses it by the gateway
  IpAddress network;  // prefix 0: the default route of the gateway's family
  uint8_t prefix = 0;
  IpAddress gateway;  // none: the network is on the link
  IpAddress source;   // none: the kernel chooses it
  uint32_t metric = 0;
  bool is_by_dhcp = false;  // RTPROT_DHCP, which marks routes of leases
};

// Adds a route; succeeds if it exists.
Result<> add_route(Netlink& netlink, const LinkRoute& route);
Result<std::vector<LinkRoute>> list_routes(Netlink& netlink);

}  // namespace kdump
