#include "net/link/links.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <algorithm>

#include "net/link/bond_options.h"

namespace kdump {
namespace {

// <net/if.h> of musl and glibc end before it.
constexpr uint32_t kIffLowerUp = 1 << 16;

ifinfomsg header_of(const Link& link, uint32_t flags = 0, uint32_t changed = 0) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(link.index);
  header.ifi_flags = flags;
  header.ifi_change = changed;
  return header;
}

std::optional<MacAddress> mac_of(Bytes value) {
  MacAddress mac;
  if (value.size() != mac.octets.size()) return std::nullopt;
  std::copy(value.begin(), value.end(), mac.octets.begin());
  return mac;
}

Link link_of(const ifinfomsg& header, const NetlinkAttributes& attributes) {
  Link link;
  link.index = static_cast<uint32_t>(header.ifi_index);
  link.hardware = header.ifi_type;
  link.name = netlink_text(attributes.find(IFLA_IFNAME));
  link.kind = netlink_text(NetlinkAttributes(attributes.find(IFLA_LINKINFO)).find(IFLA_INFO_KIND));
  link.mtu = attributes.find_or<uint32_t>(IFLA_MTU, 0);
  link.master = attributes.find_or<uint32_t>(IFLA_MASTER, 0);
  link.is_up = header.ifi_flags & IFF_UP;
  link.has_carrier =
      link.is_up && (header.ifi_flags & IFF_RUNNING) && (header.ifi_flags & kIffLowerUp);
  link.is_loopback = header.ifi_flags & IFF_LOOPBACK;
  link.mac = mac_of(attributes.find(IFLA_ADDRESS));
  link.permanent_mac = mac_of(attributes.find(IFLA_PERM_ADDRESS));
  return link;
}

template <class... Value>
Result<> change(Netlink& netlink, const Link& link, const char* what, uint16_t attribute,
                const Value&... value) {
  NetlinkRequest request(RTM_NEWLINK, 0, header_of(link));
  request.put(attribute, value...);
  if (const auto done = netlink.request(request); !done)
    return wrap(done.error(), "interface %s: %s", link.name.c_str(), what);
  return {};
}

Result<> set_flag_up(Netlink& netlink, const Link& link, bool up) {
  const NetlinkRequest request(RTM_NEWLINK, 0, header_of(link, up ? IFF_UP : 0, IFF_UP));
  if (const auto done = netlink.request(request); !done)
    return wrap(done.error(), "interface %s: set %s", link.name.c_str(), up ? "up" : "down");
  return {};
}

// What a missing module of the image looks like.
Result<> name_missing_module(const Result<>& done, const std::string& name, const char* module) {
  if (done) return {};
  const Error& error = done.error();
  if (error.sys_errno == EOPNOTSUPP)
    return wrap(error, "make %s: the module %s is not loaded", name.c_str(), module);
  return wrap(error, "make %s", name.c_str());
}

}  // namespace

std::string Link::text() const {
  const auto known = stable_mac();
  return known ? kdump::text("%s (%s)", name.c_str(), known->text().c_str()) : name;
}

Result<std::vector<Link>> list_links(Netlink& netlink) {
  std::vector<Link> links;
  const auto listed =
      netlink.list(NetlinkRequest(RTM_GETLINK, 0, ifinfomsg{}), [&](const NetlinkReply& reply) {
        if (reply.type != RTM_NEWLINK || reply.body.size() < sizeof(ifinfomsg)) return;
        links.push_back(link_of(load<ifinfomsg>(reply.body.data()),
                                NetlinkAttributes(reply.body.subspan(sizeof(ifinfomsg)))));
      });
  if (!listed) return wrap(listed.error(), "list of interfaces");
  return links;
}

Result<> set_up(Netlink& netlink, const Link& link) { return set_flag_up(netlink, link, true); }
Result<> set_down(Netlink& netlink, const Link& link) { return set_flag_up(netlink, link, false); }

Result<> set_mtu(Netlink& netlink, const Link& link, uint32_t mtu) {
  return change(netlink, link, "set MTU", IFLA_MTU, mtu);
}

Result<> set_mac(Netlink& netlink, const Link& link, const MacAddress& mac) {
  if (link.is_up) TRY(set_down(netlink, link));
  return change(netlink, link, "set MAC address", IFLA_ADDRESS, Bytes(mac.octets));
}

Result<> rename(Netlink& netlink, const Link& link, const std::string& name) {
  if (link.is_up) TRY(set_down(netlink, link));
  return change(netlink, link, "rename", IFLA_IFNAME, std::string_view(name));
}

Result<> join(Netlink& netlink, const Link& link, const Link& master) {
  // A bond takes only ports that are down; a bridge does not mind.
  if (link.is_up) TRY(set_down(netlink, link));
  TRY(change(netlink, link, "join", IFLA_MASTER, master.index));
  return set_up(netlink, link);
}

Result<> make_vlan(Netlink& netlink, const VlanRequest& vlan, const Link& parent) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.put(IFLA_IFNAME, std::string_view(vlan.name));
  request.put(IFLA_LINK, parent.index);
  const size_t info = request.begin(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, std::string_view("vlan"));
  const size_t data = request.begin(IFLA_INFO_DATA);
  request.put(IFLA_VLAN_ID, vlan.id);
  if (vlan.is_service) request.put(IFLA_VLAN_PROTOCOL, htons(ETH_P_8021AD));
  request.end(data);
  request.end(info);
  return name_missing_module(netlink.request(request), vlan.name, "8021q");
}

Result<> make_bridge(Netlink& netlink, const std::string& name) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.put(IFLA_IFNAME, std::string_view(name));
  const size_t info = request.begin(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, std::string_view("bridge"));
  request.end(info);
  return name_missing_module(netlink.request(request), name, "bridge");
}

Result<> make_bond(Netlink& netlink, const BondRequest& bond, bool exists) {
  NetlinkRequest request(RTM_NEWLINK, exists ? 0 : NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.put(IFLA_IFNAME, std::string_view(bond.name));
  const size_t info = request.begin(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, std::string_view("bond"));
  const size_t data = request.begin(IFLA_INFO_DATA);
  put_bond_options(request, bond.options);
  request.end(data);
  request.end(info);
  return name_missing_module(netlink.request(request), bond.name, "bonding");
}

Result<> set_primary(Netlink& netlink, const Link& bond, const Link& port) {
  NetlinkRequest request(RTM_NEWLINK, 0, header_of(bond));
  const size_t info = request.begin(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, std::string_view("bond"));
  const size_t data = request.begin(IFLA_INFO_DATA);
  request.put(IFLA_BOND_PRIMARY, port.index);
  request.end(data);
  request.end(info);
  if (const auto done = netlink.request(request); !done)
    return wrap(done.error(), "bond %s: primary %s", bond.name.c_str(), port.name.c_str());
  return {};
}

}  // namespace kdump
