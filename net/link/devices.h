// Which interface is meant, and whether it is there yet: found by name or MAC address, waited for
// with a deadline, renamed as ifname= says; bonds, VLANs and bridges made of what was found. An
// interface that is set up already, as a module or the kernel itself may have done, is not made
// again. Gives no addresses; interface_setup.h does.
#pragma once

#include "filter/base/observer.h"
#include "net/link/links.h"

namespace kdump {

// What a link is, apart from its name.
bool is_hardware(const Link& link);
// The link that is named so; by MAC address, hardware only. Null: it is not there.
const Link* find_link(const std::vector<Link>& links, const std::string& device);

class Devices {
 public:
  // Everything that is waited for, drivers that are still loading among it, has step_s from here.
  Devices(Netlink& netlink, const NetworkSettings& settings, uint32_t step_s, Observer& observer);

  // Renames what is there, makes bonds, VLANs and bridges. What fails is noted and left out.
  void prepare();

  // The interface of this name or MAC address. Fails: timeout, with those that there are.
  Result<Link> wait_for(const std::string& device);
  Result<> switch_on(const Link& link);
  // As it is once it is up and has a carrier, which may take step_s from now.
  Result<Link> wait_for_carrier(const Link& link);
  // Until when what does not answer by this link may yet: a switch passes nothing for 30 to 50 s
  // after the link has come up (IEEE 802.1D, looking for loops). Two steps from when it was
  // switched on; in the past for links that were up before.
  int64_t may_learn_until_ms(const Link& link) const;
  // The last of them.
  int64_t may_learn_until_ms() const;
  Result<std::vector<Link>> list() { return list_links(netlink_); }

 private:
  void rename_those_there();
  Result<> rename_to(const Link& link, const std::string& name, const std::vector<Link>& links);
  Result<> prepare_bond(const BondRequest& bond);
  Result<> prepare_vlan(const VlanRequest& vlan);
  Result<> prepare_bridge(const BridgeRequest& bridge);
  Result<> join_ports(const std::string& master, const std::vector<std::string>& ports);
  bool is_to_be_bridge(const std::string& name) const;
  void note(const Result<>& done);

  Netlink& netlink_;
  const NetworkSettings& settings_;
  uint32_t step_s_;
  Observer& observer_;
  int64_t all_there_ms_;
  struct SwitchedOn {
    uint32_t link;  // its index
    int64_t at_ms;
  };
  std::vector<SwitchedOn> switched_on_;
};

}  // namespace kdump
