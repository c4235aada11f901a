// ip= and its companions, as dracut.cmdline(7) writes them, as people write them, and as garbage.
#include "net/cmdline/network_arguments.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace kdump {
namespace {

using Method = IpRequest::Method;

NetworkArguments parse(std::string_view command_line) {
  return parse_network_arguments("", command_line);
}

IpRequest ip(std::string_view value) {
  const NetworkArguments arguments = parse("ip=" + std::string(value));
  CAPTURE(value);
  CAPTURE(arguments.warnings);
  REQUIRE(arguments.settings.addresses.size() == 1);
  CHECK(arguments.warnings.empty());
  return arguments.settings.addresses[0];
}

std::string refusal(std::string_view argument) {
  const NetworkArguments arguments = parse(argument);
  CAPTURE(argument);
  REQUIRE(arguments.warnings.size() == 1);
  CHECK(arguments.settings.addresses.empty());
  return arguments.warnings[0];
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE("ip= with a method alone is for every interface") {
  for (const char* name : {"dhcp", "on", "any", "single-dhcp"})
    CHECK(ip(name).method == Method::dhcp4);
  CHECK(ip("dhcp6").method == Method::dhcp6);
  CHECK(ip("auto6").method == Method::auto6);
  CHECK(ip("either6").method == Method::either6);
  CHECK(ip("link6").method == Method::link6);
  CHECK(ip("off").method == Method::fixed);
  CHECK(ip("dhcp").device.empty());
}

TEST_CASE("ip=INTERFACE:METHOD takes an MTU and a MAC to set") {
  IpRequest request = ip("eth0:dhcp");
  CHECK(request.device == "eth0");
  CHECK(request.mtu == 0);
  request = ip("eth0:auto6:9000");
  CHECK(request.method == Method::auto6);
  CHECK(request.mtu == 9000);
  request = ip("eth0:dhcp:1400:52:54:00:12:34:56");
  CHECK(request.mtu == 1400);
  REQUIRE(request.mac);
  CHECK(request.mac->text() == "52:54:00:12:34:56");
  request = ip("eth0:dhcp::52-54-00-12-34-56");
  CHECK(request.mtu == 0);
  CHECK(request.mac.has_value());
}

TEST_CASE("an interface may be named by its MAC address") {
  for (const char* value : {"52:54:00:aB:34:56:dhcp", "52-54-00-aB-34-56:dhcp",
                            "01-52-54-00-aB-34-56:dhcp", "[52:54:00:aB:34:56]:dhcp"}) {
    const IpRequest request = ip(value);
    const auto mac = MacAddress::parse(request.device);
    REQUIRE(mac);
    CHECK(mac->text() == "52:54:00:ab:34:56");
    CHECK(request.method == Method::dhcp4);
  }
  CHECK(ip("10.0.0.2::10.0.0.1:24:host:52:54:00:ab:34:56:none").device == "52:54:00:ab:34:56");
}

TEST_CASE("ip= with an address, as the manual has it") {
  IpRequest request = ip("192.168.0.10::192.168.0.1:255.255.255.0:crashhost:ens3:none");
  CHECK(request.method == Method::fixed);
  CHECK(request.address.text() == "192.168.0.10");
  CHECK(request.gateway.text() == "192.168.0.1");
  CHECK(request.prefix == 24);
  CHECK(request.hostname == "crashhost");
  CHECK(request.device == "ens3");

  request = ip("192.168.0.10::192.168.0.1:25::ens3:off:9000:52:54:00:12:34:56");
  CHECK(request.prefix == 25);
  CHECK(request.mtu == 9000);
  CHECK(request.mac.has_value());
  CHECK(request.hostname.empty());

  request = ip("192.168.0.10::192.168.0.1:25::ens3:none:9.9.9.9:[2620:fe::fe]");
  REQUIRE(request.dns.size() == 2);
  CHECK(request.dns[0].text() == "9.9.9.9");
  CHECK(request.dns[1].text() == "2620:fe::fe");
  CHECK(ip("192.168.0.10::192.168.0.1:25::ens3:none::9.9.9.9").dns.size() == 1);

  request = ip("[2001:db8::10]::[2001:db8::1]:64:h:eth0:none:1400");
  CHECK(request.address.text() == "2001:db8::10");
  CHECK(request.gateway.text() == "2001:db8::1");
  CHECK(request.prefix == 64);
  CHECK(request.mtu == 1400);

  request = ip("10.0.0.2:10.0.0.3/30:::h:ppp0:none");
  CHECK(request.peer.text() == "10.0.0.3");
  CHECK(request.prefix == 30);
  CHECK(ip("10.0.0.2:10.0.0.3::24:h:ppp0:none").prefix == 32);
}

TEST_CASE("ip= without an address names hostname, interface and method") {
  const IpRequest request = ip("::::worker0:enp2s0:dhcp");
  CHECK(request.hostname == "worker0");
  CHECK(request.device == "enp2s0");
  CHECK(request.method == Method::dhcp4);
  CHECK(!request.address);
  CHECK(ip("::::core0:enp2s0:none").method == Method::fixed);
}

TEST_CASE("what is missing at the end of ip= is as the kernel's own has it") {
  CHECK(ip("10.1.2.3").prefix == 8);
  CHECK(ip("172.16.0.1").prefix == 16);
  CHECK(ip("192.168.0.1::192.168.0.254").prefix == 24);
  CHECK(ip("[2001:db8::1]").prefix == 64);
  CHECK(ip("10.1.2.3/22").prefix == 22);
}

TEST_CASE("a malformed ip= is reported with its field, and ignored") {
  CHECK(has(refusal("ip=eth0:dchp"), "'dchp' is not a method"));
  CHECK(has(refusal("ip=nonsense"), "'nonsense' is not a method"));
  CHECK(has(refusal("ip="), "empty"));
  CHECK(has(refusal("ip=10.0.0.1::10.0.0.300:24::eth0:none"), "'10.0.0.300'"));
  CHECK(has(refusal("ip=10.0.0.1:::255.0.255.0::eth0:none"), "netmask"));
  CHECK(has(refusal("ip=10.0.0.1:::33::eth0:none"), "'33'"));
  CHECK(has(refusal("ip=10.0.0.1:::24::a-name-that-is-too-long:none"), "interface"));
  CHECK(has(refusal("ip=eth0:dhcp:12"), "'12'"));
  CHECK(has(refusal("ip=eth0:ibft"), "ibft is not supported"));
  CHECK(has(refusal("ip=10.0.0.1:::24::eth0:none:1:2:3:4"), "excess"));
  CHECK(has(refusal("ip=10.0.0.1:[fe80::1]::24::eth0:none"), "peer"));
}

TEST_CASE("nameserver=, rd.peerdns=, rd.neednet= and bootdev=") {
  const auto [s, warnings] = parse(
      "nameserver=10.0.0.53 nameserver=[2001:db8::53] nameserver=2001:db8::54 rd.peerdns=0 "
      "rd.neednet=1 bootdev=eth1");
  CHECK(warnings.empty());
  REQUIRE(s.nameservers.size() == 3);
  CHECK(s.nameservers[1].text() == "2001:db8::53");
  CHECK_FALSE(s.peer_dns);
  CHECK(s.network_is_needed);
  CHECK(s.boot_device == "eth1");
  CHECK(parse("rd.neednet").settings.network_is_needed);
  CHECK(parse("").settings.peer_dns);
  CHECK(parse("rd.peerdns=maybe nameserver=dns.example bootdev=a/b").warnings.size() == 3);
}

TEST_CASE("vlan= in each of the four styles") {
  for (const char* name : {"vlan0005", "vlan5", "eth0.0005", "eth0.5"}) {
    const auto s = parse(std::string("vlan=") + name + ":eth0").settings;
    REQUIRE(s.vlans.size() == 1);
    CHECK(s.vlans[0].id == 5);
    CHECK(s.vlans[0].name == name);
    CHECK(s.vlans[0].parent == "eth0");
  }
  for (const char* bad : {"vlan=vlan5", "vlan=lan:eth0", "vlan=vlan4095:eth0", "vlan=:eth0"})
    CHECK(parse(bad).warnings.size() == 1);
}

TEST_CASE("bond= with ports, options and an MTU, and with nothing") {
  auto s =
      parse("bond=bond1:ens3,ens4:mode=active-backup,miimon=100,arp_ip_target=1.1.1.1;2.2.2.2:9000")
          .settings;
  REQUIRE(s.bonds.size() == 1);
  CHECK(s.bonds[0].name == "bond1");
  CHECK(s.bonds[0].ports == std::vector<std::string>{"ens3", "ens4"});
  REQUIRE(s.bonds[0].options.size() == 3);
  CHECK(s.bonds[0].options[0].name == "mode");
  CHECK(s.bonds[0].options[2].value == "1.1.1.1;2.2.2.2");
  CHECK(s.bonds[0].mtu == 9000);
  s = parse("bond bond=bond2:52-54-00-12-34-56").settings;
  REQUIRE(s.bonds.size() == 2);
  CHECK(s.bonds[0].name == "bond0");
  CHECK(s.bonds[0].ports == std::vector<std::string>{"eth0", "eth1"});
  CHECK(s.bonds[1].ports.size() == 1);
  CHECK(parse("bond=b:eth0:mode").warnings.size() == 1);
  CHECK(parse("bond=b:").warnings.size() == 1);
}

TEST_CASE("bridge= and ifname=") {
  const auto [s, warnings] =
      parse("bridge=br1:eth0,eth1 bridge ifname=bootnet:52:54:00:12:34:56 ifname=x:1");
  REQUIRE(s.bridges.size() == 2);
  CHECK(s.bridges[0].ports.size() == 2);
  CHECK(s.bridges[1].name == "br0");
  REQUIRE(s.names.size() == 1);
  CHECK(s.names[0].name == "bootnet");
  CHECK(s.names[0].mac.text() == "52:54:00:12:34:56");
  CHECK(warnings.size() == 1);
}

TEST_CASE("an IPv4 route by an IPv6 gateway, and a provider's VLAN") {
  const auto routes = parse("rd.route=0.0.0.0/0:[fe80::1]:eth0").settings.routes;
  REQUIRE(routes.size() == 1);
  CHECK(routes[0].network.is_v4());
  CHECK(routes[0].gateway.text() == "fe80::1");
  CHECK(parse("rd.route=[2001:db8::]/32:192.0.2.1:eth0").settings.routes.empty());
  const auto vlans =
      parse("vlan=vlan5:eth0 vlan=vlan6:eth0:802.1ad vlan=vlan7:eth0:x").settings.vlans;
  REQUIRE(vlans.size() == 2);
  CHECK_FALSE(vlans[0].is_service);
  CHECK(vlans[1].is_service);
}

TEST_CASE("rd.route= in each form of the manual") {
  const auto [s, warnings] = parse(
      "rd.route=192.168.200.0/24:192.168.100.222:ens10 rd.route=192.168.200.0/24:192.168.100.222 "
      "rd.route=192.168.200.0/24::ens10 rd.route=[2001:DB8:3::/8]:[2001:DB8:2::1]:ens10");
  CHECK(warnings.empty());
  REQUIRE(s.routes.size() == 4);
  CHECK(s.routes[0].gateway.text() == "192.168.100.222");
  CHECK(s.routes[0].device == "ens10");
  CHECK(s.routes[1].device.empty());
  CHECK(!s.routes[2].gateway);
  CHECK(s.routes[3].network.text() == "2000::");
  CHECK(s.routes[3].prefix == 8);
  for (const char* bad : {"rd.route=10.0.0.0/8", "rd.route=10.0.0.0/8:", "rd.route=x/8:10.0.0.1",
                          "rd.route=10.0.0.0/40:10.0.0.1", "rd.route=10.0.0.0/8:[fe80::1]"})
    CHECK(parse(bad).warnings.size() == 1);
}

TEST_CASE("the command line replaces what the image says, kind by kind") {
  const std::string packed = "ip=eth0:dhcp nameserver=1.1.1.1 vlan=vlan5:eth0";
  const auto s =
      parse_network_arguments(packed, "ip=eth1:auto6 ip=eth2:dhcp nameserver=junk").settings;
  REQUIRE(s.addresses.size() == 2);
  CHECK(s.addresses[0].device == "eth1");
  CHECK(s.vlans.size() == 1);
  // What cannot be read replaces nothing.
  REQUIRE(s.nameservers.size() == 1);
}

TEST_CASE("other arguments, and those of the dump, are ignored") {
  const auto [s, warnings] = parse("console=ttyS0 root=UUID=1 ipv6.disable=0 rd.kdump.target=x ro");
  CHECK(warnings.empty());
  CHECK(s.addresses.empty());
}

TEST_CASE("no garbage is taken for much, and none breaks the reader") {
  std::mt19937 random(4);
  const std::string_view parts[] = {
      "ip=",  "vlan=", "bond=", "bridge=", "ifname=",  "rd.route=",  ":",
      "[",    "]",     "/",     ",",       "10.0.0.1", "24",         "eth0",
      "dhcp", " ",     "\"",    "52",      "::",       "nameserver="};
  for (int round = 0; round < 3000; ++round) {
    std::string line;
    for (int i = 0; i < 40; ++i) {
      line += parts[random() % std::size(parts)];
      if (random() % 8 == 0) line += static_cast<char>(random());
    }
    const auto [s, warnings] = parse_network_arguments(line, line);
    CHECK(s.addresses.size() <= kMaxNetworkArguments);
    CHECK(warnings.size() <= 16);
    for (const IpRequest& request : s.addresses) CHECK(request.prefix <= 128);
  }
  const auto many = [] {
    std::string line;
    for (int i = 0; i < 1000; ++i) line += "ip=eth0:dhcp ";
    return parse(line);
  }();
  CHECK(many.settings.addresses.size() == kMaxNetworkArguments);
  CHECK(many.warnings.size() == 1);
}

}  // namespace
}  // namespace kdump
