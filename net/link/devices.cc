#include "net/link/devices.h"

#include <net/if_arp.h>

#include <algorithm>

#include "filter/base/sys.h"
#include "filter/base/text.h"
#include "net/link/bond_options.h"

namespace kdump {
namespace {

constexpr int64_t kLookEveryMs = 100;
// Of a list in a message.
constexpr size_t kMaxNamed = 6;

std::string names_of(const std::vector<Link>& links) {
  std::string names;
  size_t count = 0;
  for (const Link& link : links) {
    if (link.is_loopback || ++count > kMaxNamed) continue;
    names += (names.empty() ? "" : ", ") + link.text();
  }
  return names.empty() ? "none" : names;
}

const Link* by_name(const std::vector<Link>& links, const std::string& name) {
  for (const Link& link : links)
    if (link.name == name) return &link;
  return nullptr;
}

const Link* by_mac(const std::vector<Link>& links, const MacAddress& mac) {
  // The permanent address first: with ip=…:MAC or in a bond two may share the other.
  for (const Link& link : links)
    if (is_hardware(link) && link.permanent_mac == mac) return &link;
  for (const Link& link : links)
    if (is_hardware(link) && link.mac == mac) return &link;
  return nullptr;
}

bool has_ports(const std::vector<Link>& links, const Link& master) {
  return std::any_of(links.begin(), links.end(),
                     [&](const Link& link) { return link.master == master.index; });
}

}  // namespace

bool is_hardware(const Link& link) {
  // A virtual device has a kind. A container's end of a veth is its network card.
  return link.hardware == ARPHRD_ETHER && !link.is_loopback &&
         (link.kind.empty() || link.kind == "veth");
}

const Link* find_link(const std::vector<Link>& links, const std::string& device) {
  if (const auto mac = MacAddress::parse(device)) return by_mac(links, *mac);
  return by_name(links, device);
}

Devices::Devices(Netlink& netlink, const NetworkSettings& settings, uint32_t step_s,
                 Observer& observer)
    : netlink_(netlink),
      settings_(settings),
      step_s_(step_s),
      observer_(observer),
      devices_deadline_ms_(real_sys().monotonic_ms() + int64_t{step_s} * 1000) {}

void Devices::note(const Result<>& done) {
  if (!done) observer_.note(text("network: %s; continuing", done.error().text).c_str());
}

void Devices::prepare() {
  rename_existing();
  for (const BondRequest& bond : settings_.bonds) note(prepare_bond(bond));
  // A VLAN may be a bridge's port, and a bridge a VLAN's parent.
  for (const VlanRequest& vlan : settings_.vlans)
    if (!is_bridge_requested(vlan.parent)) note(prepare_vlan(vlan));
  for (const BridgeRequest& bridge : settings_.bridges) note(prepare_bridge(bridge));
  for (const VlanRequest& vlan : settings_.vlans)
    if (is_bridge_requested(vlan.parent)) note(prepare_vlan(vlan));
}

bool Devices::is_bridge_requested(const std::string& name) const {
  return std::any_of(settings_.bridges.begin(), settings_.bridges.end(),
                     [&](const BridgeRequest& bridge) { return bridge.name == name; });
}

// -- Names.

void Devices::rename_existing() {
  for (const NameRequest& wanted : settings_.names) {
    const auto links = list();
    if (!links) return note(std::unexpected(links.error()));
    if (const Link* const link = by_mac(*links, wanted.mac))
      note(rename_to(*link, wanted.name, *links));
  }
}

Result<> Devices::rename_to(const Link& link, const std::string& name,
                            const std::vector<Link>& links) {
  if (link.name == name) return {};
  // Who has the name makes room, as udev does it: the kernel's names are given by chance.
  if (const Link* const other = by_name(links, name))
    TRY(rename(netlink_, *other, text("rename%u", other->index)));
  return rename(netlink_, link, name);
}

// -- Waiting.

Result<Link> Devices::wait_for(const std::string& device) {
  const auto wanted = std::find_if(settings_.names.begin(), settings_.names.end(),
                                   [&](const NameRequest& row) { return row.name == device; });
  bool is_reported = false;
  for (;;) {
    const auto links = TRY(list());
    const Link* found = find_link(links, device);
    if (wanted != settings_.names.end()) {
      // Whoever had the name before: it is the MAC address that counts.
      found = by_mac(links, wanted->mac);
      if (found && found->name != device) {
        TRY(rename_to(*found, device, links));
        continue;
      }
    }
    if (found) return *found;
    if (real_sys().monotonic_ms() >= devices_deadline_ms_)
      return fail(Kind::timeout, "interface %.20s is missing; present: %s", device.c_str(),
                  names_of(links).c_str());
    if (!is_reported) observer_.waiting_for(text("interface %s", device.c_str()).c_str(), step_s_);
    is_reported = true;
    real_sys().sleep_ms(kLookEveryMs);
  }
}

Result<Link> Devices::wait_for_carrier(const Link& link) {
  const int64_t until_ms = real_sys().monotonic_ms() + int64_t{step_s_} * 1000;
  bool is_reported = false;
  for (;;) {
    for (const Link& now : TRY(list()))
      if (now.index == link.index && now.has_carrier) return now;
    if (real_sys().monotonic_ms() >= until_ms)
      return fail(Kind::timeout, "%s: no carrier after %u s", link.text().c_str(), step_s_);
    if (!is_reported)
      observer_.waiting_for(text("carrier on %s", link.text().c_str()).c_str(), step_s_);
    is_reported = true;
    real_sys().sleep_ms(kLookEveryMs);
  }
}

Result<> Devices::bring_link_up(const Link& link) {
  if (!link.is_up) links_up_.push_back({link.index, real_sys().monotonic_ms()});
  return set_up(netlink_, link);
}

int64_t Devices::stp_settle_deadline_ms(const Link& link) const {
  int64_t until_ms = 0;
  for (const LinkUp& row : links_up_)
    if (row.link == link.index) until_ms = row.at_ms + 2 * int64_t{step_s_} * 1000;
  return until_ms;
}

int64_t Devices::stp_settle_deadline_ms() const {
  if (links_up_.empty()) return 0;
  return links_up_.back().at_ms + 2 * int64_t{step_s_} * 1000;
}

// -- Bonds, VLANs, bridges.

Result<> Devices::join_ports(const std::string& master, const std::vector<std::string>& ports) {
  size_t joined = 0;
  for (const std::string& port : ports) {
    const auto link = wait_for(port);
    if (!link) {
      note(std::unexpected(link.error()));
      continue;
    }
    const auto links = TRY(list());
    const Link* const owner = by_name(links, master);
    if (!owner) return fail(Kind::io, "%s is gone", master.c_str());
    const auto done = join(netlink_, *link, *owner);
    note(done);
    if (done) ++joined;
  }
  if (joined == 0) return fail(Kind::io, "%s: all of its interfaces are missing", master.c_str());
  return {};
}

Result<> Devices::prepare_bond(const BondRequest& bond) {
  const auto links = TRY(list());
  const Link* const there = by_name(links, bond.name);
  if (there && has_ports(links, *there)) return {};
  BondRequest valid = bond;
  std::erase_if(valid.options, [&](const BondOption& option) {
    const auto checked = check_bond_option(option);
    note(checked);
    return !checked;
  });
  TRY(make_bond(netlink_, valid, there != nullptr));
  TRY(join_ports(bond.name, bond.ports));
  const Link made = TRY(wait_for(bond.name));
  if (bond.mtu) note(set_mtu(netlink_, made, bond.mtu));
  for (const BondOption& option : valid.options)
    if (option.name == kBondPrimary) {
      const auto port = wait_for(option.value);
      note(port ? set_primary(netlink_, made, *port) : std::unexpected(port.error()));
    }
  return bring_link_up(made);
}

Result<> Devices::prepare_vlan(const VlanRequest& vlan) {
  if (by_name(TRY(list()), vlan.name)) return {};
  const Link parent = TRY(wait_for(vlan.parent));
  TRY(bring_link_up(parent));
  return make_vlan(netlink_, vlan, parent);
}

Result<> Devices::prepare_bridge(const BridgeRequest& bridge) {
  const auto links = TRY(list());
  const Link* const there = by_name(links, bridge.name);
  if (there && has_ports(links, *there)) return {};
  if (!there) TRY(make_bridge(netlink_, bridge.name));
  TRY(join_ports(bridge.name, bridge.ports));
  return bring_link_up(TRY(wait_for(bridge.name)));
}

}  // namespace kdump
