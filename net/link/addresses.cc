#include "net/link/addresses.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstring>

namespace kdump {
namespace {

// The header's own field has eight bits, the attribute all.
uint32_t flags_of(const ifaddrmsg& header, const NetlinkAttributes& attributes) {
  return attributes.find_or<uint32_t>(IFA_FLAGS, header.ifa_flags);
}

// IFA_LOCAL is the own address, IFA_ADDRESS the network's or the peer's; IPv6 has only the
// latter unless there is a peer.
std::optional<LinkAddress> address_of(Bytes body) {
  if (body.size() < sizeof(ifaddrmsg)) return std::nullopt;
  const auto header = load<ifaddrmsg>(body.data());
  const NetlinkAttributes attributes(body.subspan(sizeof header));
  const auto other = IpAddress::from(attributes.find(IFA_ADDRESS));
  const auto own = IpAddress::from(attributes.find(IFA_LOCAL));
  if (!own && !other) return std::nullopt;
  LinkAddress out{.link = header.ifa_index, .address = own ? *own : *other, .peer = {}};
  out.prefix = header.ifa_prefixlen;
  if (own && other && *own != *other) out.peer = *other;
  const uint32_t flags = flags_of(header, attributes);
  out.is_duplicate = flags & IFA_F_DADFAILED;
  out.is_permanent = flags & IFA_F_PERMANENT;
  out.is_usable = !out.is_duplicate && (!(flags & IFA_F_TENTATIVE) || flags & IFA_F_OPTIMISTIC);
  return out;
}

NetlinkRequest address_request(uint16_t type, uint16_t flags, const LinkAddress& address) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<uint8_t>(address.address.family);
  header.ifa_prefixlen = address.prefix;
  header.ifa_index = address.link;
  NetlinkRequest request(type, flags, header);
  request.put(IFA_LOCAL, address.address.bytes());
  request.put(IFA_ADDRESS, (address.peer ? address.peer : address.address).bytes());
  return request;
}

std::optional<LinkRoute> route_of(Bytes body) {
  if (body.size() < sizeof(rtmsg)) return std::nullopt;
  const auto header = load<rtmsg>(body.data());
  const NetlinkAttributes attributes(body.subspan(sizeof header));
  if (header.rtm_type != RTN_UNICAST || header.rtm_table != RT_TABLE_MAIN) return std::nullopt;
  LinkRoute route;
  route.link = attributes.find_or<uint32_t>(RTA_OIF, 0);
  route.network = IpAddress::from(attributes.find(RTA_DST)).value_or(IpAddress{});
  route.prefix = header.rtm_dst_len;
  route.gateway = IpAddress::from(attributes.find(RTA_GATEWAY)).value_or(IpAddress{});
  route.metric = attributes.find_or<uint32_t>(RTA_PRIORITY, 0);
  route.is_by_dhcp = header.rtm_protocol == RTPROT_DHCP;
  return route;
}

}  // namespace

Result<std::vector<LinkAddress>> list_addresses(Netlink& netlink) {
  std::vector<LinkAddress> addresses;
  const auto listed =
      netlink.list(NetlinkRequest(RTM_GETADDR, 0, ifaddrmsg{}), [&](const NetlinkReply& reply) {
        if (reply.type != RTM_NEWADDR) return;
        if (const auto address = address_of(reply.body)) addresses.push_back(*address);
      });
  if (!listed) return wrap(listed.error(), "list of addresses");
  return addresses;
}

Result<> add_address(Netlink& netlink, const LinkAddress& address, bool with_network) {
  NetlinkRequest request = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address);
  if (!with_network) request.put(IFA_FLAGS, uint32_t{IFA_F_NOPREFIXROUTE});
  // Without it the kernel would announce no broadcast address, which some peers expect.
  if (address.address.is_v4() && !address.peer && address.prefix < 31) {
    IpAddress broadcast = address.address;
    for (size_t bit = address.prefix; bit < 32; ++bit)
      broadcast.octets[bit / 8] |= static_cast<uint8_t>(0x80u >> bit % 8);
    request.put(IFA_BROADCAST, broadcast.bytes());
  }
  const auto done = netlink.request(request);
  if (done || done.error().sys_errno == EEXIST) return {};
  return wrap(done.error(), "add address %s/%u", address.address.text().c_str(), address.prefix);
}

Result<> remove_address(Netlink& netlink, const LinkAddress& address) {
  if (const auto done = netlink.request(address_request(RTM_DELADDR, 0, address)); !done)
    return wrap(done.error(), "remove address %s", address.address.text().c_str());
  return {};
}

Result<> add_route(Netlink& netlink, const LinkRoute& route) {
  rtmsg header{};
  header.rtm_family =
      static_cast<uint8_t>(route.network ? route.network.family : route.gateway.family);
  header.rtm_dst_len = route.prefix;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = route.is_by_dhcp ? RTPROT_DHCP : RTPROT_STATIC;
  header.rtm_scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  // A gateway need not lie in the interface's own network; data centres do that.
  if (route.gateway && route.link) header.rtm_flags = RTNH_F_ONLINK;
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
  if (route.prefix > 0) request.put(RTA_DST, route.network.bytes());
  if (route.gateway && route.gateway.family == header.rtm_family) {
    request.put(RTA_GATEWAY, route.gateway.bytes());
  } else if (route.gateway) {
    // RFC 5549: struct rtvia is the family, then the address.
    uint8_t via[2 + sizeof route.gateway.octets];
    memcpy(via, &route.gateway.family, 2);
    memcpy(via + 2, route.gateway.octets, route.gateway.size());
    request.put(RTA_VIA, Bytes(via, 2 + route.gateway.size()));
  }
  if (route.source) request.put(RTA_PREFSRC, route.source.bytes());
  if (route.link) request.put(RTA_OIF, route.link);
  if (route.metric) request.put(RTA_PRIORITY, route.metric);
  const auto done = netlink.request(request);
  if (done || done.error().sys_errno == EEXIST) return {};
  const std::string by = route.gateway ? " by " + route.gateway.text() : "";
  if (route.prefix == 0) return wrap(done.error(), "default route%s", by.c_str());
  return wrap(done.error(), "route to %s/%u%s", route.network.text().c_str(), route.prefix,
              by.c_str());
}

Result<std::vector<LinkRoute>> list_routes(Netlink& netlink) {
  std::vector<LinkRoute> routes;
  const auto listed =
      netlink.list(NetlinkRequest(RTM_GETROUTE, 0, rtmsg{}), [&](const NetlinkReply& reply) {
        if (reply.type != RTM_NEWROUTE) return;
        if (const auto route = route_of(reply.body)) routes.push_back(*route);
      });
  if (!listed) return wrap(listed.error(), "list of routes");
  return routes;
}

}  // namespace kdump
