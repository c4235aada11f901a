// Obtains a DHCPv4 lease for one interface, with n-dhcp4 (docs/decisions/0005-dhcp.md). Does not
// configure the interface and does not renew the lease: a capture ends before it would expire.
#pragma once

#include "net/dhcp/lease.h"
#include "net/link/links.h"

namespace kdump {

// hostname: sent to the server unless empty. until_ms: deadline on CLOCK_MONOTONIC. Fails: timeout,
// if no server grants a lease in time; unsupported, on links without Ethernet addresses.
Result<Lease> ask_dhcp(const Link& link, const std::string& hostname, int64_t until_ms);

}  // namespace kdump
