#include "net/cmdline/ip_argument.h"

#include <algorithm>

#include "net/cmdline/argument_fields.h"

namespace kdump {
namespace {

using Method = IpRequest::Method;
using Fields = std::vector<std::string>;

struct MethodName {
  std::string_view name;
  Method method;
};
constexpr MethodName kMethods[] = {
    {"dhcp", Method::dhcp4},      {"dhcp4", Method::dhcp4}, {"on", Method::dhcp4},
    {"any", Method::dhcp4},       {"both", Method::dhcp4},  {"single-dhcp", Method::dhcp4},
    {"dhcp6", Method::dhcp6},     {"auto6", Method::auto6}, {"auto", Method::auto6},
    {"either6", Method::either6}, {"link6", Method::link6}, {"link-local", Method::link6},
    {"none", Method::fixed},      {"off", Method::fixed},   {"static", Method::fixed},
    {"", Method::fixed},
};

// What is quoted of a field in a message.
constexpr int kQuoted = 40;

auto refuse(const char* what, std::string_view field) {
  return fail(Kind::refused, "'%.*s' is not %s", std::min(static_cast<int>(field.size()), kQuoted),
              field.data(), what);
}

Result<Method> parse_method(std::string_view field) {
  if (field == "ibft") return fail(Kind::unsupported, "ibft is not supported");
  for (const MethodName& row : kMethods)
    if (row.name == field) return row.method;
  return refuse("a method (dhcp, dhcp6, auto6, either6, link6, none, …)", field);
}

Result<std::string> parse_device(const std::string& field) {
  if (!is_device(field)) return refuse("an interface name or MAC address", field);
  return field;
}

Result<IpAddress> parse_address(const std::string& field) {
  const auto address = IpAddress::parse(field);
  if (!address) return refuse("an IP address", field);
  return *address;
}

// The fields behind the method: [MTU][:MAC], or [DNS1][:DNS2], which look different.
Result<> parse_trailer(const Fields& fields, size_t first, bool dns_may_follow,
                       IpRequest& request) {
  if (fields.size() > first + 2)
    return fail(Kind::refused, "it has %zu excess fields", fields.size() - first - 2);
  for (size_t i = first; i < fields.size(); ++i) {
    const std::string& field = fields[i];
    if (field.empty()) continue;
    const auto mac = MacAddress::parse(field);
    const auto mtu = parse_mtu(field);
    const auto dns = IpAddress::parse(field);
    if (mac && i == first + 1)
      request.mac = mac;
    else if (mtu && i == first)
      request.mtu = *mtu;
    else if (dns && dns_may_follow)
      request.dns.push_back(*dns);
    else
      return refuse("an MTU, a MAC address or a name server here", field);
  }
  return {};
}

// Of an address without a netmask: the class, as ip= of the kernel itself has it; of IPv6, what
// every link has.
uint8_t usual_prefix(const IpAddress& address) {
  if (address.is_v6()) return 64;
  return address.octets[0] < 128 ? 8 : address.octets[0] < 192 ? 16 : 24;
}

Result<> parse_peer(const std::string& field, IpRequest& request) {
  const size_t slash = field.find('/');
  request.peer = TRY(parse_address(field.substr(0, slash)));
  if (request.peer.family != request.address.family)
    return refuse("a peer of the same family", field);
  request.prefix = request.peer.max_prefix();
  if (slash == std::string::npos) return {};
  const auto prefix = parse_prefix(field.substr(slash + 1), request.peer);
  if (!prefix) return refuse("a peer with a prefix length", field);
  request.prefix = *prefix;
  return {};
}

// ADDRESS:[PEER]:GATEWAY:NETMASK:HOSTNAME:DEVICE:METHOD…, missing fields at the end being empty.
Result<IpRequest> parse_address_form(Fields fields) {
  constexpr size_t kFields = 7;
  if (fields.size() < kFields) fields.resize(kFields);
  IpRequest request;
  const std::string &address = fields[0], &peer = fields[1], &gateway = fields[2],
                    &netmask = fields[3];
  // Some write ADDRESS/PREFIX instead of a netmask.
  const size_t slash = address.find('/');
  const std::string length = slash == std::string::npos ? netmask : address.substr(slash + 1);
  if (!address.empty()) {
    request.address = TRY(parse_address(address.substr(0, slash)));
    request.prefix = usual_prefix(request.address);
    if (!length.empty()) {
      const auto prefix = parse_prefix(length, request.address);
      if (!prefix) return refuse("a netmask or prefix length", length);
      request.prefix = *prefix;
    }
    if (!peer.empty()) TRY(parse_peer(peer, request));
    if (!gateway.empty()) request.gateway = TRY(parse_address(gateway));
  }
  request.hostname = fields[4];
  if (!fields[5].empty()) request.device = TRY(parse_device(fields[5]));
  request.method = TRY(parse_method(fields[6]));
  TRY(parse_trailer(fields, kFields, true, request));
  return request;
}

Result<IpRequest> parse_device_form(const Fields& fields) {
  IpRequest request;
  request.device = TRY(parse_device(fields[0]));
  request.method = TRY(parse_method(fields[1]));
  TRY(parse_trailer(fields, 2, false, request));
  return request;
}

}  // namespace

Result<IpRequest> parse_ip_argument(std::string_view value) {
  const Fields fields = split_fields(value);
  if (fields.size() == 1 && !fields[0].empty() && !IpAddress::parse(fields[0]) &&
      fields[0].find('/') == std::string::npos) {
    IpRequest request;
    request.method = TRY(parse_method(fields[0]));
    return request;
  }
  const bool is_address_form =
      fields[0].empty() || IpAddress::parse(fields[0].substr(0, fields[0].find('/')));
  if (is_address_form && fields.size() == 1 && fields[0].empty())
    return fail(Kind::refused, "it is empty");
  return is_address_form ? parse_address_form(fields) : parse_device_form(fields);
}

}  // namespace kdump
