// Lists, changes, makes and joins the kernel's interfaces through netlink. Finding them by name or
// MAC address with a deadline: devices.h.
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
  uint32_t master = 0;  // index of its bond or bridge; 0: none
  bool is_up = false;
  bool has_carrier = false;  // up and connected
  bool is_loopback = false;
  std::optional<MacAddress> mac, permanent_mac;

  // Returns the permanent MAC address if known, which bonds and ip=…:MAC do not change.
  std::optional<MacAddress> stable_mac() const { return permanent_mac ? permanent_mac : mac; }
  std::string text() const;  // "eth0 (52:54:00:12:34:56)"
};

// All of these fail with the kernel's errno and error text, and with timeout (netlink.h).

Result<std::vector<Link>> list_links(Netlink& netlink);

Result<> set_up(Netlink& netlink, const Link& link);
Result<> set_down(Netlink& netlink, const Link& link);
// mtu: bytes.
Result<> set_mtu(Netlink& netlink, const Link& link, uint32_t mtu);
// Sets the MAC address; takes the link down for it, as most drivers require.
Result<> set_mac(Netlink& netlink, const Link& link, const MacAddress& mac);
Result<> rename(Netlink& netlink, const Link& link, const std::string& name);
Result<> join(Netlink& netlink, const Link& link, const Link& master);

// Make an interface of that name. Fail, too, if it exists.
Result<> make_vlan(Netlink& netlink, const VlanRequest& vlan, const Link& parent);
Result<> make_bridge(Netlink& netlink, const std::string& name);
// Makes a bond, or changes an existing one: the bonding module makes bond0 when it loads.
Result<> make_bond(Netlink& netlink, const BondRequest& bond, bool exists);
// Selects the port to use while it has a carrier; the port must have joined.
Result<> set_primary(Netlink& netlink, const Link& bond, const Link& port);

}  // namespace kdump
