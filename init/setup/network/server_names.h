// The addresses of a server by this machine's names: /etc/hosts, its resolver, search domains.
#pragma once

#include <string>
#include <vector>

#include "net/base/ip_address.h"

namespace kdump {

// host: a name or an address, without a zone. Returns no more than a few, the resolver's order;
// none where the name is unknown now.
std::vector<IpAddress> addresses_of(const std::string& host);

// Returns the name servers that another kernel can ask: of a stub on this machine's loopback
// (systemd- resolved, NetworkManager's dnsmasq) those behind it. root: directory in front of the
// paths, "" for this machine.
std::vector<IpAddress> real_nameservers(const std::string& root);

}  // namespace kdump
