// Translates the bonding driver's options, by their documented names, to netlink attributes.
// Mirrors include/uapi/linux/if_link.h (IFLA_BOND_*) and the value names of bonding.rst.
#pragma once

#include <vector>

#include "net/cmdline/network_settings.h"
#include "net/link/netlink.h"

namespace kdump {

// "primary" names a port, and can be set only after that port has joined (links.h).
constexpr char kBondPrimary[] = "primary";

// Fails: refused, if the name is unknown or the value invalid.
Result<> check_bond_option(const BondOption& option);

// Adds the valid options to `request`. Adds miimon=100 if no option enables link monitoring:
// without it a bond keeps sending to a dead port.
void put_bond_options(NetlinkRequest& request, const std::vector<BondOption>& options);

// Reads the options of an existing bond from its IFLA_INFO_DATA: the mode, and what differs from
// the driver's defaults. Without "primary", which names a link by its index.
std::vector<BondOption> read_bond_options(Bytes data);

}  // namespace kdump
