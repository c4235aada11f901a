// Parses the network arguments of a kernel command line, in the grammar of dracut.cmdline(7): ip=,
// nameserver=, rd.peerdns=, vlan=, bond=, bridge=, ifname=, rd.route=, rd.neednet=, bootdev=. Pure:
// text in, settings and warnings out. A malformed argument is reported and ignored; without a valid
// ip= the network uses DHCP.
//
// Beyond the manual: a device may be given by its MAC address, with ':' or '-'; a netmask may be a
// prefix length, and may be omitted if the address class implies it, as in the kernel's ip=.
// Unsupported, with a warning: team=, ip=…:ibft.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/cmdline/network_settings.h"

namespace kdump {

// Maximum for each kind of argument, more than any machine has; it bounds memory.
constexpr size_t kMaxNetworkArguments = 32;

struct NetworkArguments {
  NetworkSettings settings;
  std::vector<std::string> warnings;  // one console line each
};

// packed: arguments in the image; command_line: the kernel's. An argument on the command line
// replaces all packed arguments of its kind.
NetworkArguments parse_network_arguments(std::string_view packed, std::string_view command_line);

}  // namespace kdump
