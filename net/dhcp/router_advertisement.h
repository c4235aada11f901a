// Decodes the name servers of router advertisements (RFC 8106), which the kernel forwards as
// netlink messages (struct nduseroptmsg). The kernel itself configures addresses for advertised
// prefixes.
#pragma once

#include <vector>

#include "net/base/ip_address.h"
#include "net/link/netlink.h"

namespace kdump {

struct RouterAdvertisement {
  uint32_t link = 0;
  std::vector<IpAddress> nameservers;
};

// Returns an empty object if the message is truncated or of another kind.
RouterAdvertisement parse_router_advertisement(const NetlinkReply& message);

}  // namespace kdump
