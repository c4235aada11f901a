// What a DHCP server's answer says about our network. Pure: raw options in, a Lease out. The
// server is anyone who answered: every length is checked, names are held to the letters of host
// names, since they go into files, and what makes no sense is left out, so that the rest serves.
// Options are those of RFC 2132, 3397 (domain search) and 3442 (classless routes).
#pragma once

#include <string>
#include <vector>

#include "filter/base/bytes.h"
#include "net/base/ip_address.h"

namespace kdump {

struct LeaseRoute {
  IpAddress network;  // prefix 0: the default route
  uint8_t prefix = 0;
  IpAddress gateway;  // none: on the link
};

struct Lease {
  IpAddress address;
  uint8_t prefix = 0;
  std::vector<LeaseRoute> routes;
  std::vector<IpAddress> nameservers;
  std::vector<std::string> search;
  uint32_t mtu = 0;  // 0: the server sent none
  IpAddress server;
  uint32_t seconds = 0;  // UINT32_MAX: for ever
};

// The values of the options, empty where the server has not sent them.
struct LeaseOptions {
  Bytes subnet_mask = {};       // 1
  Bytes routers = {};           // 3
  Bytes nameservers = {};       // 6
  Bytes domain = {};            // 15
  Bytes mtu = {};               // 26
  Bytes domain_search = {};     // 119
  Bytes classless_routes = {};  // 121
};

// Fails: corrupt, if the address is none that a host can have.
Result<Lease> parse_lease(const IpAddress& address, const LeaseOptions& options);

// Letters, digits, '-', '_' and dots, at most 253 of them.
bool is_domain_name(std::string_view text);

// The first few valid names of a list in the form of RFC 1035, with pointers or without.
std::vector<std::string> parse_domain_list(Bytes list);

}  // namespace kdump
