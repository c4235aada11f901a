#include "net/interface_setup.h"

#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>

#include "filter/base/sys.h"
#include "filter/base/text.h"
#include "net/base/resolver_files.h"
#include "net/dhcp/dhcp.h"
#include "net/dhcp/dhcp6.h"
#include "net/dhcp/router_advertisement.h"

namespace kdump {
namespace {

using Method = IpRequest::Method;

constexpr int64_t kLookEveryMs = 100;
constexpr char kAdvertised[] = "an address from a router's advertisement";

bool wants_v6(Method method) {
  return method == Method::auto6 || method == Method::dhcp6 || method == Method::either6 ||
         method == Method::link6;
}

Result<Netlink> subscribe_to_routers() {
  Netlink netlink = TRY(Netlink::open());
  TRY(netlink.subscribe(RTNLGRP_ND_USEROPT));
  return netlink;
}

std::string lease_text(const Lease& lease) {
  std::string words = text("%s/%u by DHCP", lease.address.text().c_str(), lease.prefix);
  if (lease.server) words += " from " + lease.server.text();
  for (const LeaseRoute& route : lease.routes)
    if (route.prefix == 0 && route.gateway) words += ", gateway " + route.gateway.text();
  if (!lease.nameservers.empty()) words += ", name server " + lease.nameservers[0].text();
  return words;
}

}  // namespace

InterfaceSetup::InterfaceSetup(Netlink& netlink, Devices& devices, const NetworkSettings& settings,
                               uint32_t step_s, Observer& observer)
    : netlink_(netlink),
      devices_(devices),
      settings_(settings),
      step_s_(step_s),
      observer_(observer),
      router_advertisements_(subscribe_to_routers()) {}

void InterfaceSetup::note(const Result<>& done) {
  if (!done) observer_.note(text("network: %s; continuing", done.error().text).c_str());
}

// Tells what is waited for; returns until when.
int64_t InterfaceSetup::wait_for(const char* what, const Link& link, uint32_t seconds) {
  observer_.waiting_for(text("%s on %s", what, link.text().c_str()).c_str(), seconds);
  return real_sys().monotonic_ms() + int64_t{seconds} * 1000;
}

int64_t InterfaceSetup::wait_for(const char* what, const Link& link) {
  return wait_for(what, link, step_s_);
}

int64_t InterfaceSetup::wait_for_stp(const char* what, const Link& link) {
  const int64_t left_s =
      (devices_.stp_settle_deadline_ms(link) - real_sys().monotonic_ms() + 999) / 1000;
  return wait_for(what, link, static_cast<uint32_t>(std::max<int64_t>(left_s, step_s_)));
}

Result<bool> InterfaceSetup::has(const Link& link, uint16_t family, bool global,
                                 const IpAddress* which) {
  for (const LinkAddress& row : TRY(list_addresses(netlink_))) {
    if (row.link != link.index || row.address.family != family) continue;
    if (row.is_duplicate)
      return fail(Kind::refused, "%s: %s is in use by another machine", link.name.c_str(),
                  row.address.text().c_str());
    const bool fits = which ? row.address == *which : row.is_global() == global;
    if (fits && row.is_usable) return true;
  }
  return false;
}

Result<bool> InterfaceSetup::is_configured(const Link& link) {
  for (const LinkAddress& row : TRY(list_addresses(netlink_)))
    if (row.link == link.index && row.is_global() && row.is_usable) return true;
  return false;
}

Result<> InterfaceSetup::configure(const Link& link, const IpRequest& request, uint32_t metric) {
  const bool is_none = request.method == Method::fixed && !request.address;
  if (is_none) {
    if (request.mtu && request.mtu != link.mtu) return set_mtu(netlink_, link, request.mtu);
    return {};
  }
  const bool v6 = wants_v6(request.method) || request.address.is_v6();
  const IpAddress* const own = request.method == Method::fixed ? &request.address : nullptr;
  const bool is_there =
      TRY(has(link, v6 ? AF_INET6 : AF_INET, request.method != Method::link6, own));
  if (is_there) {
    TRY(devices_.wait_for_carrier(link));
    return {};
  }
  if (!request.hostname.empty() && is_domain_name(request.hostname))
    ::sethostname(request.hostname.data(), request.hostname.size());
  const Link up = TRY(bring_up(link, request));
  TRY(remember(request.dns, {}));
  switch (request.method) {
    case Method::fixed:
      return set_fixed(up, request, metric);
    case Method::dhcp4:
      return set_lease(up, request, metric);
    case Method::link6:
      return await_v6(up, false, "a link-local address");
    case Method::auto6:
      return await_v6(up, true, kAdvertised);
    case Method::dhcp6:
      return set_lease6(up);
    case Method::either6:
      break;
  }
  const auto advertised = await_v6(up, true, kAdvertised);
  if (advertised) return {};
  note(advertised);
  return set_lease6(up);
}

Result<Link> InterfaceSetup::bring_up(const Link& link, const IpRequest& request) {
  Link now = link;
  if (request.mac && request.mac != link.mac) {
    note(set_mac(netlink_, link, *request.mac));
    now.mac = request.mac;
  }
  if (request.mtu && request.mtu != link.mtu) note(set_mtu(netlink_, link, request.mtu));
  TRY(devices_.bring_link_up(now));
  return devices_.wait_for_carrier(now);
}

// -- An address of the command line.

Result<> InterfaceSetup::set_fixed(const Link& link, const IpRequest& request, uint32_t metric) {
  TRY(add_address(netlink_, {.link = link.index,
                             .address = request.address,
                             .prefix = request.prefix,
                             .peer = request.peer}));
  if (request.address.is_v6()) {
    observer_.waiting_for(
        text("%s on %s to be unique", request.address.text().c_str(), link.name.c_str()).c_str(),
        step_s_);
    const int64_t until_ms = real_sys().monotonic_ms() + int64_t{step_s_} * 1000;
    while (!TRY(has(link, AF_INET6, true, &request.address))) {
      if (real_sys().monotonic_ms() >= until_ms)
        return fail(Kind::timeout, "%s: %s is still tentative", link.name.c_str(),
                    request.address.text().c_str());
      real_sys().sleep_ms(kLookEveryMs);
    }
  }
  if (request.gateway) {
    LinkRoute route{.link = link.index, .network = {}, .gateway = request.gateway, .source = {}};
    route.metric = metric;
    TRY(add_route(netlink_, route));
  }
  const std::string by = request.gateway ? ", gateway " + request.gateway.text() : "";
  observer_.note(text("network: %s: %s/%u%s", link.text().c_str(), request.address.text().c_str(),
                      request.prefix, by.c_str())
                     .c_str());
  return {};
}

// -- DHCP.

Result<> InterfaceSetup::set_lease(const Link& link, const IpRequest& request, uint32_t metric) {
  const int64_t until_ms = wait_for("a DHCP lease", link);
  auto lease = ask_dhcp(link, request.hostname, until_ms);
  // Unless a router has been heard meanwhile, no question may have got through the switch yet.
  if (!lease && lease.error().kind == Kind::timeout &&
      devices_.stp_settle_deadline_ms(link) > until_ms && !TRY(is_configured(link))) {
    observer_.note(text("network: %s; retrying once", lease.error().text).c_str());
    lease = ask_dhcp(link, request.hostname, wait_for("a DHCP lease", link));
  }
  if (lease) {
    TRY(apply(link, *lease, metric));
    if (lease->mtu && !request.mtu && lease->mtu != link.mtu)
      note(set_mtu(netlink_, link, lease->mtu));
    observer_.note(
        text("network: %s: %s", link.text().c_str(), lease_text(*lease).c_str()).c_str());
    return settings_.peer_dns ? remember(lease->nameservers, lease->search) : Result<>();
  }
  if (!request.address) return std::unexpected(lease.error());
  note(std::unexpected(lease.error()));
  return set_fixed(link, request, metric);
}

Result<> InterfaceSetup::apply(const Link& link, const Lease& lease, uint32_t metric) {
  const LinkAddress address{
      .link = link.index, .address = lease.address, .prefix = lease.prefix, .peer = {}};
  // Its own route to its network says whose it is: see drop_leases_except.
  TRY(add_address(netlink_, address, false));
  LinkRoute route{.link = link.index,
                  .network = lease.address.network(lease.prefix),
                  .prefix = lease.prefix,
                  .gateway = {},
                  .source = lease.address,
                  .metric = metric,
                  .is_by_dhcp = true};
  TRY(add_route(netlink_, route));
  for (const LeaseRoute& row : lease.routes) {
    route.network = row.prefix ? row.network : IpAddress{};
    route.prefix = row.prefix;
    route.gateway = row.gateway;
    if (!row.gateway && row.prefix == 0) route.network.family = AF_INET;
    note(add_route(netlink_, route));
  }
  return {};
}

void InterfaceSetup::drop_leases_except(const Link& link) {
  const auto routes = list_routes(netlink_);
  const auto addresses = list_addresses(netlink_);
  if (!routes || !addresses) return;
  for (const LinkAddress& address : *addresses) {
    const bool is_leased = std::any_of(routes->begin(), routes->end(), [&](const LinkRoute& route) {
      return route.is_by_dhcp && route.link == address.link && !route.gateway &&
             route.network == address.address.network(address.prefix);
    });
    if (is_leased && address.link != link.index) note(remove_address(netlink_, address));
  }
}

Result<> InterfaceSetup::set_lease6(const Link& link) {
  TRY(await_v6(link, false, "a link-local address"));
  const auto lease = TRY(ask_dhcp6(link, wait_for_stp("a DHCPv6 lease", link)));
  // Which networks are on the link, and by which router others are reached, advertisements say.
  IpRequest request;
  request.address = lease.address;
  request.prefix = lease.address.max_prefix();
  TRY(set_fixed(link, request, 0));
  note(await_route6(link));
  TRY(read_router_advertisements(link));
  return settings_.peer_dns ? remember(lease.nameservers, lease.search) : Result<>();
}

// Of a network on the link, or by a router.
Result<> InterfaceSetup::await_route6(const Link& link) {
  const int64_t until_ms = wait_for("an IPv6 route", link);
  for (;;) {
    for (const LinkRoute& route : TRY(list_routes(netlink_))) {
      const bool is_network = route.network.is_v6() && !route.network.is_link_local() &&
                              route.prefix < route.network.max_prefix();
      if (route.link == link.index && (is_network || route.gateway.is_v6())) return {};
    }
    if (real_sys().monotonic_ms() >= until_ms)
      return fail(Kind::timeout, "%s: no router has advertised a route", link.text().c_str());
    real_sys().sleep_ms(kLookEveryMs);
  }
}

// -- IPv6 by itself.

Result<> InterfaceSetup::await_v6(const Link& link, bool global, const char* what) {
  const int64_t begin_ms = real_sys().monotonic_ms(), until_ms = wait_for_stp(what, link);
  while (!TRY(has(link, AF_INET6, global))) {
    if (real_sys().monotonic_ms() >= until_ms)
      return fail(Kind::timeout, "%s: no %s within %d s", link.text().c_str(), what,
                  static_cast<int>((until_ms - begin_ms) / 1000));
    real_sys().sleep_ms(kLookEveryMs);
  }
  for (const LinkAddress& row : TRY(list_addresses(netlink_)))
    if (row.link == link.index && row.address.is_v6() && row.is_global() == global)
      observer_.note(
          text("network: %s: %s/%u", link.text().c_str(), row.address.text().c_str(), row.prefix)
              .c_str());
  return read_router_advertisements(link);
}

Result<> InterfaceSetup::read_router_advertisements(const Link& link) {
  std::vector<IpAddress> nameservers;
  if (router_advertisements_)
    router_advertisements_->drain([&](const NetlinkReply& message) {
      const RouterAdvertisement news = parse_router_advertisement(message);
      if (news.link == link.index && nameservers.empty()) nameservers = news.nameservers;
    });
  return settings_.peer_dns ? remember(nameservers, {}) : Result<>();
}

// -- Names.

Result<> InterfaceSetup::remember(const std::vector<IpAddress>& nameservers,
                                  const std::vector<std::string>& search) {
  if (nameservers.empty() && search.empty()) return {};
  nameservers_.insert(nameservers_.end(), nameservers.begin(), nameservers.end());
  search_.insert(search_.end(), search.begin(), search.end());
  // Those of the command line come first.
  std::vector<IpAddress> all = settings_.nameservers;
  all.insert(all.end(), nameservers_.begin(), nameservers_.end());
  return write_resolv_conf(all, search_);
}

}  // namespace kdump
