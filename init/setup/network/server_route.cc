#include "init/setup/network/server_route.h"

#include <linux/rtnetlink.h>

namespace kdump {
namespace {

// The attribute of gateways of the other family: two bytes of family, then the address.
IpAddress via_of(Bytes value) {
  if (value.size() < 2) return {};
  return IpAddress::from(value.subspan(2)).value_or(IpAddress{});
}

NetlinkRequest question(const IpAddress& server, const IpAddress& source, uint32_t zone,
                        uint32_t flags) {
  rtmsg header{};
  header.rtm_family = static_cast<uint8_t>(server.family);
  header.rtm_dst_len = server.max_prefix();
  header.rtm_flags = flags;
  NetlinkRequest request(RTM_GETROUTE, 0, header);
  request.put(RTA_DST, server.bytes());
  if (source) request.put(RTA_SRC, source.bytes());
  if (zone) request.put(RTA_OIF, zone);
  return request;
}

void read_route(ServerRoute& route, const rtmsg& header, const NetlinkAttributes& attributes) {
  route.link = attributes.find_or<uint32_t>(RTA_OIF, 0);
  route.source = IpAddress::from(attributes.find(RTA_PREFSRC)).value_or(IpAddress{});
  route.gateway = IpAddress::from(attributes.find(RTA_GATEWAY)).value_or(IpAddress{});
  if (!route.gateway) route.gateway = via_of(attributes.find(RTA_VIA));
  route.mtu = NetlinkAttributes(attributes.find(RTA_METRICS)).find_or<uint32_t>(RTAX_MTU, 0);
  route.is_local = header.rtm_type == RTN_LOCAL;
  route.is_encapsulated = attributes.find_or<uint16_t>(RTA_ENCAP_TYPE, 0) != 0;
}

template <class Read>
auto visit_routes(Read read) {
  return [read](const NetlinkReply& reply) {
    if (reply.type != RTM_NEWROUTE || reply.body.size() < sizeof(rtmsg)) return;
    read(load<rtmsg>(reply.body.data()), NetlinkAttributes(reply.body.subspan(sizeof(rtmsg))));
  };
}

uint32_t table_of(const rtmsg& header, const NetlinkAttributes& attributes) {
  return attributes.find_or<uint32_t>(RTA_TABLE, header.rtm_table);
}

Result<size_t> count_defaults(Netlink& netlink, uint16_t family, uint32_t link) {
  size_t count = 0;
  rtmsg header{};
  header.rtm_family = static_cast<uint8_t>(family);
  TRY(netlink.list(NetlinkRequest(RTM_GETROUTE, 0, header),
                   visit_routes([&](const rtmsg& found, const NetlinkAttributes& attributes) {
                     count += found.rtm_dst_len == 0 && found.rtm_type == RTN_UNICAST &&
                              table_of(found, attributes) == RT_TABLE_MAIN &&
                              attributes.find_or<uint32_t>(RTA_OIF, 0) == link;
                   })));
  return count;
}

}  // namespace

Result<ServerRoute> find_server_route(Netlink& netlink, const IpAddress& server, uint32_t zone) {
  ServerRoute route{.server = server, .source = {}, .gateway = {}, .network = server};
  route.prefix = server.max_prefix();
  const auto keep = visit_routes([&](const rtmsg& header, const NetlinkAttributes& attributes) {
    read_route(route, header, attributes);
  });
  TRY(netlink.get(question(server, {}, zone, 0), keep));
  const IpAddress source = route.source;
  if (route.is_local) return route;
  if (source) TRY(netlink.get(question(server, source, zone, 0), keep));
  route.source = source;  // the second answer may lack it
  // The entry of the table behind it: multipath and nexthop objects are resolved above already.
  uint32_t table = RT_TABLE_UNSPEC;
  TRY(netlink.get(
      question(server, source, zone, RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE),
      visit_routes([&](const rtmsg& header, const NetlinkAttributes& attributes) {
        route.prefix = header.rtm_dst_len;
        route.protocol = header.rtm_protocol;
        table = table_of(header, attributes);
        const auto network = IpAddress::from(attributes.find(RTA_DST));
        route.network = network ? *network : server.network(0);
        if (!route.mtu)
          route.mtu =
              NetlinkAttributes(attributes.find(RTA_METRICS)).find_or<uint32_t>(RTAX_MTU, 0);
      })));
  if (route.prefix == 0 && table == RT_TABLE_MAIN)
    route.is_only_default = TRY(count_defaults(netlink, server.family, route.link)) == 1;
  return route;
}

}  // namespace kdump
