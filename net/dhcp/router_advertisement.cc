#include "net/dhcp/router_advertisement.h"

#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>

#include "net/base/resolver_files.h"

namespace kdump {
namespace {

constexpr uint8_t kRecursiveServers = 25;  // RFC 8106
constexpr size_t kUnit = 8;                // of an option's length
constexpr size_t kHeader = 8;              // type, length, reserved, lifetime
constexpr size_t kAddress = 16;

}  // namespace

RouterAdvertisement parse_router_advertisement(const NetlinkReply& message) {
  RouterAdvertisement news;
  if (message.type != RTM_NEWNDUSEROPT || message.body.size() < sizeof(nduseroptmsg)) return news;
  const auto header = load<nduseroptmsg>(message.body.data());
  if (header.nduseropt_family != AF_INET6 || header.nduseropt_icmp_type != ND_ROUTER_ADVERT)
    return news;
  Bytes options = message.body.subspan(sizeof header);
  if (header.nduseropt_opts_len > options.size()) return news;
  options = options.first(header.nduseropt_opts_len);
  news.link = static_cast<uint32_t>(header.nduseropt_ifindex);
  while (options.size() >= kHeader) {
    const size_t size = options[1] * kUnit;
    if (size == 0 || size > options.size()) return news;
    if (options[0] == kRecursiveServers)
      for (size_t at = kHeader; at + kAddress <= size; at += kAddress) {
        // A link-local one would need its zone in resolv.conf, and few resolvers read that.
        const IpAddress server = *IpAddress::from(options.subspan(at, kAddress));
        if (news.nameservers.size() < kMaxNameservers && !server.is_link_local())
          news.nameservers.push_back(server);
      }
    options = options.subspan(size);
  }
  return news;
}

}  // namespace kdump
