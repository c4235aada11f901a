// The network's part of a kernel command line, in dracut.cmdline(7)'s grammar: ip=, nameserver=,
// rd.peerdns=, vlan=, bond=, bridge=, ifname=, rd.route=, rd.neednet=, bootdev=. Pure: text in,
// settings and warnings out. Nothing in it can lose a dump: what is malformed is reported and
// left out, and without any valid ip= the network comes up by DHCP.
//
// Beyond the manual: a device may be named by its MAC address, with ':' or '-'; a netmask may be
// a prefix length, and be missing where the address class implies it, as for the kernel's own ip=.
// Not carried out, with a warning: team=, ip=…:ibft.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/cmdline/network_settings.h"

namespace kdump {

// Limit for each kind of argument: more than any machine has, and garbage costs no memory.
constexpr size_t kMaxNetworkArguments = 32;

struct NetworkArguments {
  NetworkSettings settings;
  std::vector<std::string> warnings;  // one a line for the console
};

// packed: of the image. A kind of argument that the command line has replaces all packed ones of
// this kind.
NetworkArguments parse_network_arguments(std::string_view packed, std::string_view command_line);

}  // namespace kdump
