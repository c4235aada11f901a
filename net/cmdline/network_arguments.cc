#include "net/cmdline/network_arguments.h"

#include <algorithm>

#include "filter/base/kernel_tokens.h"
#include "filter/base/text.h"
#include "net/cmdline/argument_fields.h"
#include "net/cmdline/ip_argument.h"

namespace kdump {
namespace {

// What is quoted of a value in a warning.
constexpr size_t kMaxQuoted = 60;
constexpr size_t kMaxWarnings = 16;
constexpr uint32_t kMaxVlanId = 4094;

auto refuse_interface(const std::string& name) {
  return fail(Kind::refused, "invalid interface name '%.40s'", name.c_str());
}

Result<std::vector<std::string>> parse_ports(std::string_view list) {
  std::vector<std::string> ports = split_list(list, ',');
  for (const std::string& port : ports)
    if (!is_device(port))
      return fail(Kind::refused, "'%.40s' is not an interface name or MAC address", port.c_str());
  if (ports.empty()) return fail(Kind::refused, "it lists no interfaces");
  if (ports.size() > kMaxNetworkArguments)
    return fail(Kind::refused, "it lists more than %zu interfaces", kMaxNetworkArguments);
  return ports;
}

Result<> read_ip(NetworkSettings& settings, std::string_view value) {
  settings.addresses.push_back(TRY(parse_ip_argument(value)));
  return {};
}

Result<> read_nameserver(NetworkSettings& settings, std::string_view value) {
  if (value.starts_with('[') && value.ends_with(']')) value = value.substr(1, value.size() - 2);
  const auto address = IpAddress::parse(value);
  if (!address) return fail(Kind::refused, "it is not an IP address");
  settings.nameservers.push_back(*address);
  return {};
}

Result<> read_ifname(NetworkSettings& settings, std::string_view value) {
  const auto fields = split_fields(value);
  const auto mac = fields.size() == 2 ? MacAddress::parse(fields[1]) : std::nullopt;
  if (!mac) return fail(Kind::refused, "it is not NAME:MAC");
  if (!is_interface_name(fields[0])) return refuse_interface(fields[0]);
  settings.names.push_back({.name = fields[0], .mac = *mac});
  return {};
}

// vlan0005, vlan5, eth0.0005, eth0.5: the number at the end is the VLAN's.
Result<> read_vlan(NetworkSettings& settings, std::string_view value) {
  const auto fields = split_fields(value);
  if (fields.size() < 2 || fields.size() > 3 || !is_device(fields[1]))
    return fail(Kind::refused, "it is not NAME:DEVICE");
  const bool is_service = fields.size() == 3 && fields[2] == "802.1ad";
  if (fields.size() == 3 && !is_service && fields[2] != "802.1q")
    return fail(Kind::refused, "'%.20s' is not a VLAN protocol (802.1q, 802.1ad)",
                fields[2].c_str());
  const std::string& name = fields[0];
  if (!is_interface_name(name)) return refuse_interface(name);
  const size_t last_other = name.find_last_not_of("0123456789");
  const auto id = parse_decimal(
      std::string_view(name).substr(last_other == std::string::npos ? 0 : last_other + 1),
      kMaxVlanId);
  if (!id) return fail(Kind::refused, "the name does not end in a VLAN number (0 to 4094)");
  settings.vlans.push_back({.name = name,
                            .id = static_cast<uint16_t>(*id),
                            .parent = fields[1],
                            .is_service = is_service});
  return {};
}

// NAME[:PORTS[:[OPTIONS][:MTU]]]
Result<> read_bond(NetworkSettings& settings, std::string_view value) {
  const auto fields = split_fields(value);
  BondRequest bond{.name = "bond0", .ports = {"eth0", "eth1"}, .options = {}};
  if (!fields[0].empty()) bond.name = fields[0];
  if (!is_interface_name(bond.name)) return refuse_interface(bond.name);
  if (fields.size() > 4) return fail(Kind::refused, "it is not NAME:PORTS:OPTIONS:MTU");
  if (fields.size() > 1) bond.ports = TRY(parse_ports(fields[1]));
  if (fields.size() > 2) {
    for (const std::string& option : split_list(fields[2], ',')) {
      const size_t equals = option.find('=');
      if (equals == std::string::npos)
        return fail(Kind::refused, "option '%.40s' has no value", option.c_str());
      bond.options.push_back(
          {.name = option.substr(0, equals), .value = option.substr(equals + 1)});
    }
  }
  if (fields.size() > 3 && !fields[3].empty()) {
    const auto mtu = parse_mtu(fields[3]);
    if (!mtu) return fail(Kind::refused, "invalid MTU '%.40s'", fields[3].c_str());
    bond.mtu = *mtu;
  }
  settings.bonds.push_back(std::move(bond));
  return {};
}

Result<> read_bridge(NetworkSettings& settings, std::string_view value) {
  const auto fields = split_fields(value);
  BridgeRequest bridge{.name = "br0", .ports = {"eth0"}};
  if (!fields[0].empty()) bridge.name = fields[0];
  if (!is_interface_name(bridge.name)) return refuse_interface(bridge.name);
  if (fields.size() > 2) return fail(Kind::refused, "it is not NAME:PORTS");
  if (fields.size() == 2) bridge.ports = TRY(parse_ports(fields[1]));
  settings.bridges.push_back(std::move(bridge));
  return {};
}

// NET/NETMASK:GATEWAY[:DEVICE]
Result<> read_route(NetworkSettings& settings, std::string_view value) {
  const auto fields = split_fields(value);
  if (fields.size() < 2 || fields.size() > 3)
    return fail(Kind::refused, "it is not NET/NETMASK:GATEWAY[:INTERFACE]");
  const size_t slash = fields[0].find('/');
  const auto network = IpAddress::parse(std::string_view(fields[0]).substr(0, slash));
  if (!network) return fail(Kind::refused, "invalid network '%.40s'", fields[0].c_str());
  RouteRequest route;
  route.prefix = network->max_prefix();
  if (slash != std::string::npos) {
    const auto prefix = parse_prefix(std::string_view(fields[0]).substr(slash + 1), *network);
    if (!prefix) return fail(Kind::refused, "invalid netmask in '%.40s'", fields[0].c_str());
    route.prefix = *prefix;
  }
  route.network = network->network(route.prefix);
  if (!fields[1].empty()) {
    const auto gateway = IpAddress::parse(fields[1]);
    // IPv4 by an IPv6 gateway (RFC 5549), on a named link; the reverse does not exist.
    if (!gateway || (gateway->family != network->family && (network->is_v6() || fields.size() < 3)))
      return fail(Kind::refused, "invalid gateway '%.40s'", fields[1].c_str());
    route.gateway = *gateway;
  }
  if (fields.size() == 3) route.device = fields[2];
  if (!route.device.empty() && !is_device(route.device)) return refuse_interface(route.device);
  if (!route.gateway && route.device.empty())
    return fail(Kind::refused, "it has neither gateway nor interface");
  settings.routes.push_back(std::move(route));
  return {};
}

Result<> read_boot_device(NetworkSettings& settings, std::string_view value) {
  if (!is_device(value)) return refuse_interface(std::string(value));
  settings.boot_device = value;
  return {};
}

// dracut's getargbool: a switch without a value is on.
Result<> read_switch(bool& field, std::string_view value) {
  if (value != "" && value != "0" && value != "1" && value != "no" && value != "yes" &&
      value != "off" && value != "on")
    return fail(Kind::refused, "it is not 0 or 1");
  field = value != "0" && value != "no" && value != "off";
  return {};
}

struct Argument {
  std::string_view name;
  Result<> (*read)(NetworkSettings&, std::string_view value);
  // Of a text that has this argument: forgets those of the text before.
  void (*forget)(NetworkSettings&);
};

constexpr Argument kArguments[] = {
    {"ip", read_ip, [](NetworkSettings& s) { s.addresses.clear(); }},
    {"nameserver", read_nameserver, [](NetworkSettings& s) { s.nameservers.clear(); }},
    {"ifname", read_ifname, [](NetworkSettings& s) { s.names.clear(); }},
    {"vlan", read_vlan, [](NetworkSettings& s) { s.vlans.clear(); }},
    {"bond", read_bond, [](NetworkSettings& s) { s.bonds.clear(); }},
    {"bridge", read_bridge, [](NetworkSettings& s) { s.bridges.clear(); }},
    {"rd.route", read_route, [](NetworkSettings& s) { s.routes.clear(); }},
    {"bootdev", read_boot_device, [](NetworkSettings& s) { s.boot_device.clear(); }},
    {"rd.peerdns",
     [](NetworkSettings& s, std::string_view value) { return read_switch(s.peer_dns, value); },
     [](NetworkSettings&) {}},
    {"rd.neednet",
     [](NetworkSettings& s, std::string_view value) {
       return read_switch(s.network_is_needed, value);
     },
     [](NetworkSettings&) {}},
    {"team",
     [](NetworkSettings&, std::string_view) -> Result<> {
       return fail(Kind::unsupported, "team devices need a daemon; use bond=");
     },
     [](NetworkSettings&) {}},
};

class Parser {
 public:
  void read(std::string_view text) {
    size_t counts[std::size(kArguments)] = {};
    while (const auto token = next_kernel_token(text)) {
      const auto row = std::find_if(std::begin(kArguments), std::end(kArguments),
                                    [&](const Argument& a) { return a.name == token->name; });
      if (row == std::end(kArguments)) continue;
      size_t& count = counts[row - std::begin(kArguments)];
      if (++count > kMaxNetworkArguments) {
        if (count == kMaxNetworkArguments + 1) warn(*token, "more than the limit; ignored");
        continue;
      }
      NetworkSettings changed = result_.settings;
      if (count == 1) row->forget(changed);
      if (const auto done = row->read(changed, token->value); !done) {
        warn(*token, std::string(done.error().text) + "; ignored");
        --count;  // a malformed argument replaces nothing
        continue;
      }
      result_.settings = std::move(changed);
    }
  }

  NetworkArguments finish() { return std::move(result_); }

 private:
  void warn(const KernelToken& token, const std::string& why) {
    if (result_.warnings.size() < kMaxWarnings)
      result_.warnings.push_back(std::string(token.name) + "=" +
                                 std::string(token.value.substr(0, kMaxQuoted)) + ": " + why);
  }

  NetworkArguments result_;
};

}  // namespace

NetworkArguments parse_network_arguments(std::string_view packed, std::string_view command_line) {
  Parser parser;
  parser.read(packed);
  parser.read(command_line);
  return parser.finish();
}

}  // namespace kdump
