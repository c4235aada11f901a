#include "init/setup/network/network_plan.h"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "filter/base/text.h"

namespace kdump {
namespace {

// Below it a link has no IPv6 (RFC 8200).
constexpr uint32_t kMinIpv6Mtu = 1280;

std::string bracketed(const IpAddress& address) {
  return address.is_v6() ? "[" + address.text() + "]" : address.text();
}

std::string route_line(const IpAddress& network, uint8_t prefix, const IpAddress& gateway,
                       const std::string& device) {
  return text("rd.route=%s/%u:%s:%s", bracketed(network).c_str(), prefix,
              gateway ? bracketed(gateway).c_str() : "", device.c_str());
}

// Routes that a lease or a router's advertisement brings, or that belong to an address.
bool is_automatic(uint8_t protocol) {
  return protocol == RTPROT_DHCP || protocol == RTPROT_RA || protocol == RTPROT_KERNEL ||
         protocol == RTPROT_REDIRECT;
}

}  // namespace

std::string NetworkPlan::Address::text() const {
  std::string line = "ip=";
  if (method == "none") {
    line += bracketed(fixed.address) + ":";
    if (fixed.peer) line += bracketed(fixed.peer) + "/" + std::to_string(fixed.prefix);
    line += ":" + (gateway ? bracketed(gateway) : "") + ":";
    if (!fixed.peer) line += std::to_string(fixed.prefix);
    line += "::";
  }
  line += device + ":" + method;
  if (mtu || !mac.empty()) line += ":" + (mtu ? std::to_string(mtu) : "");
  if (!mac.empty()) line += ":" + mac;
  return line;
}

std::vector<std::string> NetworkPlan::arguments() const {
  std::vector<std::string> all = stack_;
  all.insert(all.end(), mtus_.begin(), mtus_.end());
  for (const Address& request : requests_) all.push_back(request.text());
  all.insert(all.end(), routes_.begin(), routes_.end());
  return all;
}

bool NetworkPlan::has_fixed_address() const {
  return std::any_of(requests_.begin(), requests_.end(),
                     [](const Address& row) { return row.method == "none"; });
}

size_t NetworkPlan::add_cards(uint32_t link) {
  const auto add = [](std::vector<std::string>& list, const std::string& text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  };
  size_t count = 0;
  std::vector<uint32_t> left{link}, seen;
  while (!left.empty()) {
    const uint32_t index = left.back();
    left.pop_back();
    const LinkFacts* const row = links_.find(index);
    if (!row || std::find(seen.begin(), seen.end(), index) != seen.end()) continue;
    seen.push_back(index);
    if (row->link.kind == "bond") add(modules_, "bonding");
    if (row->link.kind == "vlan") add(modules_, "8021q");
    if (row->link.kind == "bridge") add(modules_, "bridge");
    if (links_.is_card(*row)) {
      add(cards_, row->link.name);
      ++count;
    } else {
      for (const LinkFacts* const below : links_.below(*row)) left.push_back(below->link.index);
    }
  }
  return count;
}

Result<> NetworkPlan::add_route(const ServerRoute& route, bool is_zone) {
  NetworkPlan changed = *this;
  TRY(changed.add_to_this(route, is_zone));
  *this = std::move(changed);
  return {};
}

bool NetworkPlan::is_default_taken(uint16_t family) const {
  return std::find(default_families_.begin(), default_families_.end(), family) !=
         default_families_.end();
}

void NetworkPlan::add_line(const std::string& line) {
  if (std::find(routes_.begin(), routes_.end(), line) == routes_.end()) routes_.push_back(line);
}

Result<NetworkPlan::Address> NetworkPlan::address_for(const ServerRoute& route) {
  const LinkFacts& row = *links_.find(route.link);
  const auto own = std::find_if(addresses_.begin(), addresses_.end(), [&](const LinkAddress& one) {
    return one.link == route.link && one.address == route.source;
  });
  if (own == addresses_.end()) {
    const auto other =
        std::find_if(addresses_.begin(), addresses_.end(),
                     [&](const LinkAddress& one) { return one.address == route.source; });
    const LinkFacts* const holder = other == addresses_.end() ? nullptr : links_.find(other->link);
    return fail(Kind::unsupported, "its source address %s lies on %s, not on %s",
                route.source ? route.source.text().c_str() : "(none)",
                holder ? holder->link.name.c_str() : "no interface", row.link.name.c_str());
  }
  const Device device = TRY(device_of(route.link));
  Address request{.link = route.link,
                  .device = device.name,
                  .method = "none",
                  .fixed = *own,
                  .gateway = {},
                  .mac = {}};
  if (!own->is_permanent && own->address.is_v4()) request.method = "dhcp";
  if (!own->is_permanent && own->address.is_v6())
    request.method = own->prefix == own->address.max_prefix() ? "dhcp6" : "auto6";
  const uint32_t mtu =
      route.mtu >= kMinIpv6Mtu && route.mtu < row.link.mtu ? route.mtu : row.link.mtu;
  if (mtu != device.mtu) request.mtu = mtu;
  if (row.link.mac && row.link.mac != device.mac) request.mac = row.link.mac->text();
  return request;
}

Result<> NetworkPlan::add_to_this(const ServerRoute& route, bool is_zone) {
  const LinkFacts* const row = links_.find(route.link);
  if (!row) return fail(Kind::unsupported, "its interface has gone");
  if (route.is_encapsulated)
    return fail(Kind::unsupported, "the route encapsulates packets (MPLS, segment routing)");
  if (const LinkFacts* const master = links_.find(row->link.master);
      master && master->link.kind == "vrf")
    return fail(Kind::unsupported, "interface %s belongs to VRF %s", row->link.name.c_str(),
                master->link.name.c_str());
  if (is_zone) {
    const Device device = TRY(device_of(route.link));
    if (const auto mac = MacAddress::parse(device.name))
      stack_.insert(stack_.begin(), "ifname=" + row->link.name + ":" + mac->text());
    else if (device.name != row->link.name)
      return fail(Kind::unsupported, "the zone %s gets another name in the capture kernel",
                  row->link.name.c_str());
    return {};
  }
  Address request = TRY(address_for(route));
  auto there = std::find_if(requests_.begin(), requests_.end(), [&](const Address& one) {
    return one.link == request.link && one.method == request.method &&
           (request.method != "none" || one.fixed.address == request.fixed.address);
  });
  if (there == requests_.end()) there = requests_.insert(requests_.end(), request);
  const std::string& device = there->device;
  const bool is_default = route.prefix == 0, is_fixed = request.method == "none";
  // Targets that share an address share its MTU: the smallest passes everywhere.
  if (request.mtu && (!there->mtu || request.mtu < there->mtu)) there->mtu = request.mtu;
  // dhclient's scripts make a default route that looks as one made by hand.
  const bool is_leased = is_automatic(route.protocol) || route.is_only_default;
  if (!is_fixed && is_leased) {
    if (is_default) default_families_.push_back(route.server.family);
    return {};
  }
  if (!route.gateway) {
    const IpAddress& on_link = request.fixed.peer ? request.fixed.peer : request.fixed.address;
    // The address brings the route to its own network.
    if (route.prefix != request.fixed.prefix ||
        route.network.network(route.prefix) != on_link.network(route.prefix))
      add_line(route_line(route.network, route.prefix, {}, device));
    return {};
  }
  if (!is_default) {
    add_line(route_line(route.network, route.prefix, route.gateway, device));
    return {};
  }
  if (there->gateway == route.gateway) return {};
  // Of a second default route, or one beside the lease's, only one counts: the server gets a route
  // for itself.
  const std::string whole = route_line(route.network, 0, route.gateway, device);
  if (std::find(routes_.begin(), routes_.end(), whole) != routes_.end()) return {};
  if (!is_fixed || is_default_taken(route.server.family)) {
    add_line(route_line(route.server, route.server.max_prefix(), route.gateway, device));
    return {};
  }
  default_families_.push_back(route.server.family);
  if (route.gateway.family == route.server.family)
    there->gateway = route.gateway;
  else
    add_line(whole);
  return {};
}

}  // namespace kdump
