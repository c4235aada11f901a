// Addresses and routes of interfaces, through netlink. Who has which address, and why, is
// decided elsewhere.
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
  bool is_usable = true;  // not tentative: duplicate address detection is through, or not needed
  bool is_duplicate = false;  // another host has it
  // Beyond its own link: neither link-local nor of the loopback interface.
  bool is_global() const { return !address.is_link_local() && !address.is_loopback(); }
};

Result<std::vector<LinkAddress>> list_addresses(Netlink& netlink);

// Lasts until it is removed. An address that is there already is no failure.
// with_network: the kernel adds the route to the address's own network by itself.
Result<> add_address(Netlink& netlink, const LinkAddress& address, bool with_network = true);
Result<> remove_address(Netlink& netlink, const LinkAddress& address);

struct LinkRoute {
  uint32_t link = 0;  // 0: the kernel finds it by the gateway
  IpAddress network;  // with prefix 0 of the gateway's family: the default route
  uint8_t prefix = 0;
  IpAddress gateway;  // none: the network is on the link itself
  IpAddress source;   // none: the kernel chooses
  uint32_t metric = 0;
  bool is_by_dhcp = false;  // RTPROT_DHCP: dhcp_addresses_of() recognises a lease's address by it
};

// A route that is there already is no failure.
Result<> add_route(Netlink& netlink, const LinkRoute& route);
Result<std::vector<LinkRoute>> list_routes(Netlink& netlink);

}  // namespace kdump
