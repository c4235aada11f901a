// An address by DHCPv6 for one interface, with its name servers. Asks and listens; configures
// nothing, and does not renew. Own code: there is no small client to be had, and one exchange of
// RFC 8415 is little (docs/decisions/0005-dhcp.md).
#pragma once

#include "net/dhcp/dhcp6_message.h"
#include "net/link/links.h"

namespace kdump {

// The link has a link-local address already. until_ms: of CLOCK_MONOTONIC.
// Fails: timeout, if no server has given an address by then.
Result<Dhcp6Answer> ask_dhcp6(const Link& link, int64_t until_ms);

}  // namespace kdump
