// How arguments name and make an interface: the cards by MAC address, bonds, VLANs and bridges over
// them. Mirrors the order in which net/link/devices.cc makes them.
#include <net/if_arp.h>
#include <unistd.h>

#include <algorithm>

#include "filter/base/text.h"
#include "init/setup/network/network_plan.h"
#include "net/cmdline/argument_fields.h"

namespace kdump {
namespace {

constexpr uint32_t kUsualMtu = 1500;
// VLANs over VLANs over a bridge over a bond; a loop of links does not exist.
constexpr int kMaxDepth = 8;

bool is_wireless(const std::string& name) {
  return ::access(("/sys/class/net/" + name + "/phy80211").c_str(), F_OK) == 0 ||
         ::access(("/sys/class/net/" + name + "/wireless").c_str(), F_OK) == 0;
}

// In lists, where a colon would end the field.
std::string with_dashes(std::string name) {
  if (MacAddress::parse(name)) std::replace(name.begin(), name.end(), ':', '-');
  return name;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ",") + with_dashes(name);
  return all;
}

auto refuse(const LinkFacts& row, const char* why) {
  return fail(Kind::unsupported, "interface %s %s", row.link.name.c_str(), why);
}

// The number that vlan= reads from a name.
std::optional<uint32_t> number_at_end(const std::string& name) {
  const size_t last = name.find_last_not_of("0123456789");
  return parse_decimal(std::string_view(name).substr(last == name.npos ? 0 : last + 1), 4094);
}

}  // namespace

Result<NetworkPlan::Device> NetworkPlan::device_of(uint32_t link, int depth) {
  if (const auto known = devices_.find(link); known != devices_.end()) return known->second;
  const LinkFacts* const row = links_.find(link);
  if (!row) return fail(Kind::unsupported, "an interface below lies in another network namespace");
  if (depth > kMaxDepth) return refuse(*row, "is nested too deeply");
  const Device device = TRY(make_device(*row, depth));
  devices_[link] = device;
  return device;
}

Result<NetworkPlan::Device> NetworkPlan::make_device(const LinkFacts& row, int depth) {
  if (links_.is_card(row)) return add_card(row);
  if (row.link.kind == "bond") return add_bond(row);
  if (row.link.kind == "vlan") return add_vlan(row, depth);
  if (row.link.kind == "bridge") return add_bridge(row, depth);
  return fail(Kind::unsupported,
              "interface %s is of kind %s, which the capture kernel does not make",
              row.link.name.c_str(), row.link.is_loopback ? "loopback" : row.link.kind.c_str());
}

Result<NetworkPlan::Device> NetworkPlan::add_card(const LinkFacts& row) {
  if (row.link.hardware == ARPHRD_INFINIBAND)
    return refuse(row, "is InfiniBand, whose address ip= cannot name; write ip= into --cmdline");
  if (row.link.hardware != ARPHRD_ETHER || !row.own_mac())
    return refuse(row, "is no Ethernet card");
  if (is_wireless(row.link.name)) return refuse(row, "is wireless");
  return Device{row.own_mac()->text(), row.own_mac(), kUsualMtu};
}

// A name that vlan= and lists can carry and that no card gets from the kernel.
Result<std::string> NetworkPlan::virtual_name(const LinkFacts& row) {
  const std::string& name = row.link.name;
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  });
  if (!is_plain || MacAddress::parse(name))
    return refuse(row, "has a name that the arguments cannot carry");
  const bool is_cards_name = name.starts_with("eth") && name.size() > 3 &&
                             name.find_first_not_of("0123456789", 3) == name.npos;
  return is_cards_name ? "k" + name : name;
}

void NetworkPlan::set_mtu_below(const LinkFacts& row, const Device& device) {
  if (row.link.mtu == device.mtu) return;
  const std::string line = text("ip=%s:none:%u", device.name.c_str(), row.link.mtu);
  if (std::find(mtus_.begin(), mtus_.end(), line) == mtus_.end()) mtus_.push_back(line);
}

Result<NetworkPlan::Device> NetworkPlan::add_bond(const LinkFacts& row) {
  Device bond{.name = TRY(virtual_name(row)), .mac = {}, .mtu = row.link.mtu};
  std::vector<std::string> ports;
  std::string primary;
  for (const LinkFacts* const port : links_.ports_of(row.link.index)) {
    if (!links_.is_card(*port))
      return fail(Kind::unsupported, "bond %s has the port %s, which is no network card",
                  row.link.name.c_str(), port->link.name.c_str());
    const Device card = TRY(device_of(port->link.index));
    // The first port lends the bond its address.
    ports.insert(card.mac == row.link.mac ? ports.begin() : ports.end(), card.name);
    if (port->link.index == row.primary) primary = card.name;
  }
  if (ports.empty()) return refuse(row, "is a bond without ports");
  bond.mac = MacAddress::parse(ports[0]);
  std::string options;
  for (const BondOption& option : row.bond_options)
    options += (options.empty() ? "" : ",") + option.name + "=" + option.value;
  if (!primary.empty()) options += ",primary=" + with_dashes(primary);
  std::string line = "bond=" + bond.name + ":" + list_of(ports) + ":" + options;
  if (row.link.mtu != kUsualMtu) line += ":" + std::to_string(row.link.mtu);
  stack_.push_back(line);
  return bond;
}

// Whether an interface lies on a bridge, itself included.
bool NetworkPlan::is_above_bridge(uint32_t link) const {
  const LinkFacts* row = links_.find(link);
  for (int depth = 0; row && depth <= kMaxDepth; ++depth) {
    if (row->link.kind == "bridge") return true;
    row = row->link.kind == "vlan" ? links_.find(row->parent) : nullptr;
  }
  return false;
}

Result<NetworkPlan::Device> NetworkPlan::add_vlan(const LinkFacts& row, int depth) {
  const LinkFacts* const parent = links_.find(row.parent);
  if (!parent) return refuse(row, "is a VLAN whose parent lies in another network namespace");
  if (parent->link.kind == "vlan" && is_above_bridge(row.parent))
    return refuse(row, "is a VLAN in a VLAN on a bridge");
  const Device below = TRY(device_of(row.parent, depth + 1));
  set_mtu_below(*parent, below);
  std::string name = TRY(virtual_name(row));
  if (number_at_end(name) != row.vlan_id) name = text("vlan%u", row.vlan_id);
  const auto is_taken = [&] {
    return std::any_of(devices_.begin(), devices_.end(),
                       [&](const auto& one) { return one.second.name == name; });
  };
  for (int n = 1; is_taken(); ++n) name = text("v%d_%u", n, row.vlan_id);
  stack_.push_back("vlan=" + name + ":" + below.name + (row.is_service ? ":802.1ad" : ""));
  // It takes its parent's MTU as that is when it is made: before ip= sets one.
  return Device{name, below.mac, below.mtu};
}

Result<NetworkPlan::Device> NetworkPlan::add_bridge(const LinkFacts& row, int depth) {
  Device bridge{.name = TRY(virtual_name(row)), .mac = {}, .mtu = kUsualMtu};
  std::vector<std::string> ports;
  for (const LinkFacts* const port : links_.ports_of(row.link.index)) {
    // Taps and veths lead to guests, which are gone after a crash.
    if (!links_.is_card(*port) && port->link.kind != "bond" && port->link.kind != "vlan") continue;
    if (is_above_bridge(port->link.index))
      return fail(Kind::unsupported, "bridge %s has the port %s, which lies on another bridge",
                  row.link.name.c_str(), port->link.name.c_str());
    const Device below = TRY(device_of(port->link.index, depth + 1));
    set_mtu_below(*port, below);
    ports.push_back(below.name);
    // The kernel gives a bridge the lowest address of its ports.
    if (below.mac && (!bridge.mac || below.mac->octets < bridge.mac->octets))
      bridge.mac = below.mac;
  }
  if (ports.empty()) return refuse(row, "is a bridge without a port that leads to a card");
  stack_.push_back("bridge=" + bridge.name + ":" + list_of(ports));
  return bridge;
}

}  // namespace kdump
