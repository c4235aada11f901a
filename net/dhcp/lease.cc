#include "net/dhcp/lease.h"

#include <algorithm>

#include "net/base/resolver_files.h"

namespace kdump {
namespace {

// What /etc/resolv.conf may hold; a list that is longer is cut.
constexpr size_t kMaxSearch = 3;
constexpr size_t kMaxRoutes = 64;
// RFC 2132; below it nothing works, and a hostile server may say so.
constexpr uint32_t kMinMtu = 576;
constexpr size_t kMaxName = 253, kMaxLabel = 63;

uint32_t big_endian(Bytes octets) {
  uint32_t value = 0;
  for (const uint8_t octet : octets) value = value << 8 | octet;
  return value;
}

bool is_host(const IpAddress& address) {
  return address.is_v4() && address.octets[0] != 0 && address.octets[0] != 127 &&
         address.octets[0] < 224;
}

std::vector<IpAddress> hosts_of(Bytes list, size_t at_most) {
  std::vector<IpAddress> hosts;
  for (; list.size() >= 4 && hosts.size() < at_most; list = list.subspan(4)) {
    const IpAddress host = *IpAddress::from(list.first(4));
    if (is_host(host)) hosts.push_back(host);
  }
  return hosts;
}

// Without a mask the address class implies it.
uint8_t prefix_of(const IpAddress& address, Bytes mask) {
  if (mask.size() == 4) {
    const auto prefix = prefix_of_netmask(*IpAddress::from(mask));
    if (prefix && *prefix > 0) return *prefix;
  }
  return address.octets[0] < 128 ? 8 : address.octets[0] < 192 ? 16 : 24;
}

// RFC 3442: prefix length, as many octets of the network as it needs, router. What follows an
// entry that is cut short is left out.
std::vector<LeaseRoute> classless_routes(Bytes data) {
  std::vector<LeaseRoute> routes;
  while (!data.empty() && routes.size() < kMaxRoutes) {
    const uint8_t prefix = data[0];
    const size_t significant = (prefix + 7u) / 8;
    if (prefix > 32 || data.size() < 1 + significant + 4) break;
    LeaseRoute route{.network = {}, .prefix = prefix, .gateway = {}};
    route.network.family = AF_INET;
    std::copy_n(data.begin() + 1, significant, route.network.octets);
    route.network = route.network.network(prefix);
    // 0.0.0.0: the network is on the link itself.
    const IpAddress gateway = *IpAddress::from(data.subspan(1 + significant, 4));
    if (is_host(gateway)) route.gateway = gateway;
    routes.push_back(route);
    data = data.subspan(1 + significant + 4);
  }
  return routes;
}

// One name of RFC 1035 from `at` on, with pointers into the option itself; at ends up behind it.
// Empty where it is not one.
std::string domain_name(Bytes data, size_t& at) {
  std::string name;
  bool has_jumped = false;
  // Each step takes a label or follows a pointer backwards: a name cannot have more.
  size_t from = at;
  for (size_t step = 0; step < kMaxName; ++step) {
    if (from >= data.size()) break;
    const uint8_t length = data[from];
    if (length == 0) {
      if (!has_jumped) at = from + 1;
      return name;
    }
    if (length >= 0xc0) {
      if (from + 1 >= data.size()) break;
      const size_t target = (length & 0x3fu) << 8 | data[from + 1];
      if (!has_jumped) at = from + 2;
      has_jumped = true;
      if (target >= from) break;
      from = target;
      continue;
    }
    if (length > kMaxLabel || data.size() - from - 1 < length) break;
    if (!name.empty()) name += '.';
    const Bytes label = data.subspan(from + 1, length);
    name.append(label.begin(), label.end());
    from += 1u + length;
    if (!has_jumped) at = from;
  }
  at = data.size();
  return "";
}

std::vector<std::string> search_of(const LeaseOptions& options) {
  std::vector<std::string> search = parse_domain_list(options.domain_search);
  if (!search.empty()) return search;
  std::string domain(options.domain.begin(), options.domain.end());
  while (!domain.empty() && (domain.back() == '\0' || domain.back() == '.')) domain.pop_back();
  if (is_domain_name(domain)) search.push_back(domain);
  return search;
}

}  // namespace

bool is_domain_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxName || text.front() == '.' || text.front() == '-')
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::vector<std::string> parse_domain_list(Bytes list) {
  std::vector<std::string> names;
  for (size_t at = 0; at < list.size() && names.size() < kMaxSearch;) {
    std::string name = domain_name(list, at);
    if (is_domain_name(name)) names.push_back(std::move(name));
  }
  return names;
}

Result<Lease> parse_lease(const IpAddress& address, const LeaseOptions& options) {
  if (!is_host(address))
    return fail(Kind::corrupt, "DHCP: invalid host address %s", address.text().c_str());
  Lease lease{.address = address, .routes = {}, .nameservers = {}, .search = {}, .server = {}};
  lease.prefix = prefix_of(address, options.subnet_mask);
  lease.routes = classless_routes(options.classless_routes);
  // RFC 3442: routers do not count where there are classless routes.
  if (lease.routes.empty())
    for (const IpAddress& router : hosts_of(options.routers, 1))
      lease.routes.push_back({.network = {}, .prefix = 0, .gateway = router});
  lease.nameservers = hosts_of(options.nameservers, kMaxNameservers);
  lease.search = search_of(options);
  if (options.mtu.size() == 2 && big_endian(options.mtu) >= kMinMtu)
    lease.mtu = big_endian(options.mtu);
  return lease;
}

}  // namespace kdump
