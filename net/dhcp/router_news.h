// What routers advertise beside prefixes, which the kernel turns into addresses by itself: name
// servers (RFC 8106). The kernel hands them on as netlink messages (struct nduseroptmsg).
#pragma once

#include <vector>

#include "net/base/ip_address.h"
#include "net/link/netlink.h"

namespace kdump {

struct RouterNews {
  uint32_t link = 0;
  std::vector<IpAddress> nameservers;
};

// Empty where the message is no such, or cut short.
RouterNews parse_router_news(const NetlinkReply& message);

}  // namespace kdump
