// Reads the interfaces of this machine, with what they are made of.
#pragma once

#include <string>
#include <vector>

#include "net/link/links.h"

namespace kdump {

struct LinkFacts {
  Link link;
  uint32_t parent = 0;      // index of the interface below a VLAN; 0: none, or in another namespace
  uint16_t vlan_id = 0;     // of a VLAN
  bool is_service = false;  // of a VLAN: 802.1ad
  uint32_t primary = 0;     // of a bond: index of its preferred port; 0: none
  std::vector<BondOption> bond_options;

  // Returns the address that the card has without its bond and without configuration.
  std::optional<MacAddress> own_mac() const { return link.stable_mac(); }
};

class Links {
 public:
  // Fails: with the kernel's errno; timeout.
  static Result<Links> read(Netlink& netlink);
  explicit Links(std::vector<LinkFacts> all);

  const LinkFacts* find(uint32_t index) const;
  const LinkFacts* find(const std::string& name) const;
  // Returns true for a network card. A veth is one where there is no other: in a container.
  bool is_card(const LinkFacts& row) const;
  // Returns the interfaces that joined this bond or bridge, in the kernel's order.
  std::vector<const LinkFacts*> ports_of(uint32_t master) const;
  // Returns the interface below a VLAN, and the ports of a bond or bridge.
  std::vector<const LinkFacts*> below(const LinkFacts& row) const;

 private:
  std::vector<LinkFacts> all_;
  bool has_hardware_ = false;
};

}  // namespace kdump
