// Decodes the options of a DHCP server's answer. Pure: raw options in, a Lease out. Any host can
// answer: every length is checked, names are limited to the characters of host names, since they go
// into files, and invalid options are ignored.
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
  uint32_t seconds = 0;  // UINT32_MAX: unlimited
};

// The values of the options by number; empty if the server did not send one.
struct LeaseOptions {
  Bytes subnet_mask = {};       // 1
  Bytes routers = {};           // 3
  Bytes nameservers = {};       // 6
  Bytes domain = {};            // 15
  Bytes mtu = {};               // 26
  Bytes domain_search = {};     // 119
  Bytes classless_routes = {};  // 121
};

// Fails: corrupt, if the address is not a unicast host address.
Result<Lease> parse_lease(const IpAddress& address, const LeaseOptions& options);

// Returns true for at most 253 letters, digits, '-', '_' and dots.
bool is_domain_name(std::string_view text);

// Returns the first valid names of a list encoded by RFC 1035, with or without compression
// pointers.
std::vector<std::string> parse_domain_list(Bytes list);

}  // namespace kdump
