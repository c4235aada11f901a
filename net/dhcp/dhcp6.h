// Obtains an address and name servers by DHCPv6 for one interface. Does not configure the interface
// and does not renew. Own code, since no small client exists (docs/decisions/0005-dhcp.md).
#pragma once

#include "net/dhcp/dhcp6_message.h"
#include "net/link/links.h"

namespace kdump {

// link: must have a link-local address. until_ms: deadline on CLOCK_MONOTONIC. Fails: timeout, if
// no server assigns an address in time.
Result<Dhcp6Answer> ask_dhcp6(const Link& link, int64_t until_ms);

}  // namespace kdump
