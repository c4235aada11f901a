// A lease by DHCPv4 for one interface, with n-dhcp4 (docs/decisions/0005-dhcp.md). Asks and
// listens; configures nothing, and does not renew: a capture keeps its address until it reboots.
#pragma once

#include "net/dhcp/lease.h"
#include "net/link/links.h"

namespace kdump {

// hostname: sent to the server if not empty. until_ms: of CLOCK_MONOTONIC.
// Fails: timeout, if no server has granted a lease by then; unsupported, on links that have no
// Ethernet addresses.
Result<Lease> ask_dhcp(const Link& link, const std::string& hostname, int64_t until_ms);

}  // namespace kdump
