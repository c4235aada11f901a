// Finds interfaces by name or MAC address, waits for them with a deadline, renames them according
// to ifname=, and makes bonds, VLANs and bridges. An interface that exists already is not made
// again. Addresses: interface_setup.h.
#pragma once

#include "filter/base/observer.h"
#include "net/link/links.h"

namespace kdump {

// Returns true for a hardware interface, false for a virtual one.
bool is_hardware(const Link& link);
// Finds a link by name, or a hardware link by MAC address; nullptr if there is none.
const Link* find_link(const std::vector<Link>& links, const std::string& device);

class Devices {
 public:
  // step_s: seconds from now in which interfaces must appear, drivers that still load included.
  Devices(Netlink& netlink, const NetworkSettings& settings, uint32_t step_s, Observer& observer);

  // Renames interfaces and makes bonds, VLANs and bridges. A failure is noted and skipped.
  void prepare();

  // Waits for the interface of this name or MAC address. Fails: timeout, with a list of the present
  // ones.
  Result<Link> wait_for(const std::string& device);
  Result<> bring_link_up(const Link& link);
  // Waits up to step_s for the carrier and returns the link as it is then. Fails: timeout.
  Result<Link> wait_for_carrier(const Link& link);
  // Deadline until which a switch may still drop all packets of this link: spanning tree (IEEE
  // 802.1D) blocks a port for 30 to 50 s after the link has come up. Two steps after
  // bring_link_up(); in the past for links that were up before.
  int64_t stp_settle_deadline_ms(const Link& link) const;
  // The latest of all links.
  int64_t stp_settle_deadline_ms() const;
  Result<std::vector<Link>> list() { return list_links(netlink_); }

 private:
  void rename_existing();
  Result<> rename_to(const Link& link, const std::string& name, const std::vector<Link>& links);
  Result<> prepare_bond(const BondRequest& bond);
  Result<> prepare_vlan(const VlanRequest& vlan);
  Result<> prepare_bridge(const BridgeRequest& bridge);
  Result<> join_ports(const std::string& master, const std::vector<std::string>& ports);
  bool is_bridge_requested(const std::string& name) const;
  void note(const Result<>& done);

  Netlink& netlink_;
  const NetworkSettings& settings_;
  uint32_t step_s_;
  Observer& observer_;
  int64_t devices_deadline_ms_;
  struct LinkUp {
    uint32_t link;  // its index
    int64_t at_ms;
  };
  std::vector<LinkUp> links_up_;
};

}  // namespace kdump
