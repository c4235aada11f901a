// Writes the arguments of net/cmdline by which the capture kernel reaches servers as this machine
// reaches them. What the arguments cannot express is refused by name, for that server alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "init/setup/network/link_facts.h"
#include "init/setup/network/server_route.h"
#include "net/link/addresses.h"

namespace kdump {

class NetworkPlan {
 public:
  NetworkPlan(Links links, std::vector<LinkAddress> addresses)
      : links_(std::move(links)), addresses_(std::move(addresses)) {}

  // Adds the cards and modules below an interface, whether or not arguments can express it.
  // Returns how many cards lead there.
  size_t add_cards(uint32_t link);
  // Adds the arguments by which the route's server is reached; with a zone also the interface's
  // name. Fails: unsupported, for what cannot be carried over; adds nothing then.
  Result<> add_route(const ServerRoute& route, bool is_zone);

  const std::vector<std::string>& cards() const { return cards_; }
  const std::vector<std::string>& modules() const { return modules_; }
  std::vector<std::string> arguments() const;
  const Links& links() const { return links_; }
  // Returns true if an address of the capture kernel is fixed: no lease names its name servers.
  bool has_fixed_address() const;

 private:
  // One ip=.
  struct Address {
    uint32_t link = 0;
    std::string device, method;  // "none" for a fixed address
    LinkAddress fixed;
    IpAddress gateway;
    uint32_t mtu = 0;
    std::string mac;
    std::string text() const;
  };
  // How the arguments name an interface.
  struct Device {
    std::string name;
    std::optional<MacAddress> mac;  // that it gets by itself
    uint32_t mtu = 0;               // that it gets by itself
  };

  Result<> add_to_this(const ServerRoute& route, bool is_zone);
  Result<Device> device_of(uint32_t link, int depth = 0);
  Result<Device> make_device(const LinkFacts& row, int depth);
  Result<Device> add_card(const LinkFacts& row);
  Result<Device> add_bond(const LinkFacts& row);
  Result<Device> add_vlan(const LinkFacts& row, int depth);
  Result<Device> add_bridge(const LinkFacts& row, int depth);
  void set_mtu_below(const LinkFacts& row, const Device& device);
  Result<std::string> virtual_name(const LinkFacts& row);
  Result<Address> address_for(const ServerRoute& route);
  bool is_above_bridge(uint32_t link) const;
  bool is_default_taken(uint16_t family) const;
  void add_line(const std::string& line);

  Links links_;
  std::vector<LinkAddress> addresses_;
  std::vector<std::string> cards_, modules_;
  std::map<uint32_t, Device> devices_;
  std::vector<std::string> stack_, mtus_,
      routes_;  // bond=, vlan=, …; ip=DEVICE:none:MTU; rd.route=
  std::vector<Address> requests_;
  std::vector<uint16_t> default_families_;  // for which a default route is packed
};

}  // namespace kdump
