#include "init/setup/network/link_facts.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>

#include <algorithm>

#include "net/link/bond_options.h"

namespace kdump {
namespace {

void read_details(LinkFacts& row, const NetlinkAttributes& attributes) {
  const NetlinkAttributes info(attributes.find(IFLA_LINKINFO));
  const Bytes bytes = info.find(IFLA_INFO_DATA);
  const NetlinkAttributes data(bytes);
  // An index of another namespace says nothing here.
  if (attributes.find(IFLA_LINK_NETNSID).empty())
    row.parent = attributes.find_or<uint32_t>(IFLA_LINK, 0);
  if (row.link.kind == "vlan") {
    row.vlan_id = data.find_or<uint16_t>(IFLA_VLAN_ID, 0);
    row.is_service = data.find_or<uint16_t>(IFLA_VLAN_PROTOCOL, 0) == htons(ETH_P_8021AD);
  } else if (row.link.kind == "bond") {
    row.bond_options = read_bond_options(bytes);
    row.primary = data.find_or<uint32_t>(IFLA_BOND_PRIMARY, 0);
  }
  // Drivers without a permanent address: the bond remembers what its port had before.
  if (row.link.permanent_mac || netlink_text(info.find(IFLA_INFO_SLAVE_KIND)) != "bond") return;
  const Bytes mac =
      NetlinkAttributes(info.find(IFLA_INFO_SLAVE_DATA)).find(IFLA_BOND_SLAVE_PERM_HWADDR);
  MacAddress permanent;
  if (mac.size() != permanent.octets.size()) return;
  std::copy(mac.begin(), mac.end(), permanent.octets.begin());
  row.link.permanent_mac = permanent;
}

}  // namespace

Result<Links> Links::read(Netlink& netlink) {
  std::vector<LinkFacts> all;
  for (const Link& link : TRY(list_links(netlink)))
    all.push_back({.link = link, .bond_options = {}});
  const auto listed =
      netlink.list(NetlinkRequest(RTM_GETLINK, 0, ifinfomsg{}), [&](const NetlinkReply& reply) {
        if (reply.type != RTM_NEWLINK || reply.body.size() < sizeof(ifinfomsg)) return;
        const auto index = static_cast<uint32_t>(load<ifinfomsg>(reply.body.data()).ifi_index);
        for (LinkFacts& row : all)
          if (row.link.index == index)
            read_details(row, NetlinkAttributes(reply.body.subspan(sizeof(ifinfomsg))));
      });
  if (!listed) return wrap(listed.error(), "list of interfaces");
  return Links(std::move(all));
}

Links::Links(std::vector<LinkFacts> all) : all_(std::move(all)) {
  has_hardware_ = std::any_of(all_.begin(), all_.end(), [](const LinkFacts& row) {
    return row.link.kind.empty() && row.link.hardware == ARPHRD_ETHER;
  });
}

const LinkFacts* Links::find(uint32_t index) const {
  for (const LinkFacts& row : all_)
    if (row.link.index == index) return &row;
  return nullptr;
}

const LinkFacts* Links::find(const std::string& name) const {
  for (const LinkFacts& row : all_)
    if (row.link.name == name) return &row;
  return nullptr;
}

bool Links::is_card(const LinkFacts& row) const {
  if (row.link.is_loopback) return false;
  return row.link.kind.empty() || (row.link.kind == "veth" && !has_hardware_);
}

std::vector<const LinkFacts*> Links::ports_of(uint32_t master) const {
  std::vector<const LinkFacts*> ports;
  for (const LinkFacts& row : all_)
    if (row.link.master == master) ports.push_back(&row);
  return ports;
}

std::vector<const LinkFacts*> Links::below(const LinkFacts& row) const {
  std::vector<const LinkFacts*> all = ports_of(row.link.index);
  if (!is_card(row) && row.parent && row.parent != row.link.index)
    if (const LinkFacts* const parent = find(row.parent)) all.push_back(parent);
  return all;
}

}  // namespace kdump
