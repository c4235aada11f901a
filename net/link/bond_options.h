// The bonding driver's options by the names of its documentation, as netlink attributes.
// Mirrors include/uapi/linux/if_link.h (IFLA_BOND_*) and the value names of bonding.rst.
#pragma once

#include <vector>

#include "net/cmdline/network_settings.h"
#include "net/link/netlink.h"

namespace kdump {

// "primary" names a port; it can only be set once that port has joined (links.h).
constexpr char kBondPrimary[] = "primary";

// Whether the name is known and the value is one that this option accepts.
Result<> check_bond_option(const BondOption& option);

// Puts those that pass the check. Where nothing watches the links, miimon=100 does: a bond that
// does not notice a dead port loses every second packet.
void put_bond_options(NetlinkRequest& request, const std::vector<BondOption>& options);

}  // namespace kdump
