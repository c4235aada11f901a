// The kernel's interfaces: what there is, and how to change, make and join them. How they are
// found, by name or MAC and with a deadline, is in devices.h. All through netlink.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/base/mac_address.h"
#include "net/cmdline/network_settings.h"
#include "net/link/netlink.h"

namespace kdump {

struct Link {
  uint32_t index = 0;
  std::string name;
  std::string kind;       // "vlan", "bond", …; empty for hardware
  uint16_t hardware = 0;  // ARPHRD_*
  uint32_t mtu = 0;
  uint32_t master = 0;  // the index of the bond or bridge that it is part of
  bool is_up = false;
  bool has_carrier = false;  // up, and something at the other end
  bool is_loopback = false;
  std::optional<MacAddress> mac, permanent_mac;

  // The permanent one, where the kernel knows it: bonds and ip=…:MAC change the other.
  std::optional<MacAddress> lasting_mac() const { return permanent_mac ? permanent_mac : mac; }
  std::string text() const;  // "eth0 (52:54:00:12:34:56)"
};

Result<std::vector<Link>> list_links(Netlink& netlink);

Result<> set_up(Netlink& netlink, const Link& link);
Result<> set_down(Netlink& netlink, const Link& link);
Result<> set_mtu(Netlink& netlink, const Link& link, uint32_t mtu);
// The link is taken down for it if it is up; most drivers want that.
Result<> set_mac(Netlink& netlink, const Link& link, const MacAddress& mac);
Result<> rename(Netlink& netlink, const Link& link, const std::string& name);
Result<> join(Netlink& netlink, const Link& link, const Link& master);

Result<> make_vlan(Netlink& netlink, const VlanRequest& vlan, const Link& parent);
Result<> make_bridge(Netlink& netlink, const std::string& name);
// Also where the link is there already: the bonding module makes a bond0 by itself.
Result<> make_bond(Netlink& netlink, const BondRequest& bond, bool exists);
// The port that is used while it has a carrier; after it has joined.
Result<> set_primary(Netlink& netlink, const Link& bond, const Link& port);

}  // namespace kdump
