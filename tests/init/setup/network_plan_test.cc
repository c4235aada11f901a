#include "init/setup/network/network_plan.h"

#include <doctest/doctest.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>

#include "filter/base/text.h"
#include "init/setup/config/words.h"
#include "net/cmdline/network_arguments.h"

namespace kdump {
namespace {

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

// A machine without the kernel's help: bonds and VLANs are modules that a test's kernel may lack.
struct MachineLinks {
  std::vector<LinkFacts> all;

  uint32_t add(const char* name, const char* kind, unsigned char mac, uint32_t master = 0) {
    LinkFacts row{.link = {}, .bond_options = {}};
    row.link.index = static_cast<uint32_t>(all.size() + 1);
    row.link.name = name;
    row.link.kind = kind;
    row.link.hardware = ARPHRD_ETHER;
    row.link.mtu = 1500;
    row.link.master = master;
    row.link.mac = MacAddress{{2, 0, 0, 0, 0, mac}};
    all.push_back(row);
    return row.link.index;
  }
  LinkFacts& at(uint32_t index) { return all[index - 1]; }
  uint32_t add_vlan(const char* name, uint32_t parent, uint16_t id) {
    const uint32_t index = add(name, "vlan", at(parent).link.mac->octets[5]);
    at(index).parent = parent;
    at(index).vlan_id = id;
    return index;
  }

  // What reaches 192.0.2.99 from 192.0.2.2/24 on this interface, or why nothing does.
  std::string arguments_for(uint32_t link,
                            std::vector<IpAddress> servers = {address("192.0.2.99")}) const {
    NetworkPlan plan(Links(all),
                     {{.link = link, .address = address("192.0.2.2"), .prefix = 24, .peer = {}}});
    for (const IpAddress& server : servers) {
      const auto done = plan.add_route({.server = server,
                                        .link = link,
                                        .source = address("192.0.2.2"),
                                        .gateway = {},
                                        .network = address("192.0.2.0"),
                                        .prefix = 24,
                                        .protocol = RTPROT_KERNEL},
                                       false);
      if (!done) return done.error().text;
    }
    const std::string line = joined(plan.arguments());
    // The capture kernel understands every word.
    CHECK(parse_network_arguments("", line).warnings.empty());
    return line;
  }
};

}  // namespace

TEST_CASE("bonds and VLANs are packed with their ports by permanent address") {
  MachineLinks machine;
  const uint32_t bond = machine.add("bond0", "bond", 2);
  const uint32_t one = machine.add("eth0", "", 2, bond), two = machine.add("eth1", "", 2, bond);
  machine.at(one).link.permanent_mac = MacAddress{{2, 0, 0, 0, 0, 1}};
  machine.at(two).link.permanent_mac = MacAddress{{2, 0, 0, 0, 0, 2}};
  machine.at(bond).bond_options = {{"mode", "active-backup"}, {"miimon", "100"}};
  machine.at(bond).primary = one;
  const std::string made =
      "bond=bond0:02-00-00-00-00-02,02-00-00-00-00-01:"
      "mode=active-backup,miimon=100,primary=02-00-00-00-00-01";
  CHECK(machine.arguments_for(bond) == made + " ip=192.0.2.2:::24::bond0:none");
  SUBCASE("VLAN on the bond, bridge on the VLAN") {
    const uint32_t vlan = machine.add_vlan("bond0.5", bond, 5);
    CHECK(machine.arguments_for(vlan) ==
          made + " vlan=bond0.5:bond0 ip=192.0.2.2:::24::bond0.5:none");
    const uint32_t bridge = machine.add("br0", "bridge", 2);
    machine.at(vlan).link.master = bridge;
    CHECK(machine.arguments_for(bridge) == made +
                                               " vlan=bond0.5:bond0 bridge=br0:bond0.5"
                                               " ip=192.0.2.2:::24::br0:none");
  }
  SUBCASE("jumbo frames") {
    machine.at(bond).link.mtu = 9000;
    const uint32_t vlan = machine.add_vlan("storage", bond, 7);
    machine.at(vlan).link.mtu = 9000;
    CHECK(machine.arguments_for(vlan) ==
          made + ":9000 vlan=vlan7:bond0 ip=192.0.2.2:::24::vlan7:none");
  }
  SUBCASE("an address that no port has") {
    machine.at(bond).link.mac = MacAddress{{2, 0, 0, 0, 0, 9}};
    CHECK(
        machine.arguments_for(bond).ends_with(" ip=192.0.2.2:::24::bond0:none::02:00:00:00:00:09"));
  }
  SUBCASE("a bond over VLANs is refused by name") {
    machine.at(two).link.kind = "macvlan";
    CHECK(machine.arguments_for(bond) == "bond bond0 has the port eth1, which is no network card");
  }
}

TEST_CASE("VLANs keep apart where they have one number") {
  MachineLinks machine;
  const uint32_t one = machine.add("eth0", "", 1), two = machine.add("eth1", "", 2);
  const uint32_t a = machine.add_vlan("a", one, 100), b = machine.add_vlan("b", two, 100);
  const uint32_t bridge = machine.add("br0", "bridge", 1);
  machine.at(a).link.master = machine.at(b).link.master = bridge;
  CHECK(machine.arguments_for(bridge) ==
        "vlan=vlan100:02:00:00:00:00:01 vlan=v1_100:02:00:00:00:00:02 bridge=br0:vlan100,v1_100"
        " ip=192.0.2.2:::24::br0:none");
}

TEST_CASE("nestings in another order than the capture kernel's are refused by name") {
  MachineLinks machine;
  const uint32_t card = machine.add("eth0", "", 1), bridge = machine.add("br0", "bridge", 1);
  machine.at(card).link.master = bridge;
  const uint32_t vlan = machine.add_vlan("br0.5", bridge, 5);
  CHECK(machine.arguments_for(vlan) ==
        "bridge=br0:02-00-00-00-00-01 vlan=br0.5:br0 ip=192.0.2.2:::24::br0.5:none");
  const uint32_t inner = machine.add_vlan("br0.5.6", vlan, 6);
  CHECK(machine.arguments_for(inner) == "interface br0.5.6 is a VLAN in a VLAN on a bridge");
  const uint32_t second = machine.add("br1", "bridge", 1);
  machine.at(vlan).link.master = second;
  CHECK(machine.arguments_for(second) ==
        "bridge br1 has the port br0.5, which lies on another bridge");
  const uint32_t infiniband = machine.add("ib0", "", 3);
  machine.at(infiniband).link.hardware = ARPHRD_INFINIBAND;
  CHECK(machine.arguments_for(infiniband).starts_with("interface ib0 is InfiniBand"));
  const uint32_t xen = machine.add("eth7", "bridge", 4);
  machine.at(card).link.master = xen;
  CHECK(machine.arguments_for(xen).starts_with("bridge=keth7:"));
}

}  // namespace kdump
