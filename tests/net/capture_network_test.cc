// The capture kernel's network on real links: DHCP, fixed addresses, IPv6, names, late, renamed
// and dead interfaces, and what is found set up already.
#include "net/capture_network.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cstring>

#include "filter/base/sys.h"
#include "tests/net/net_scene.h"

namespace kdump {
namespace {

constexpr char kMac[] = "52:54:00:12:34:56", kOtherMac[] = "52:54:00:12:34:57";
constexpr char kRange[] = "--dhcp-range=10.9.0.50,10.9.0.60,255.255.255.0,1h ";

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

// eth0 to a server that is 10.9.0.1 and listens on port 22.
struct OneServer : NetScene {
  OneServer() {
    live_cable("eth0", "s0", kMac, "10.9.0.1/24");
    listen(22);
  }
};

#define REQUIRE_REACHED(route)   \
  CAPTURE(observer_text(scene)); \
  if (!(route)) FAIL((route).error().text)

std::string observer_text(const NetScene& scene) { return scene.observer.all(); }

TEST_CASE("without any argument DHCP finds the server") {
  OneServer scene;
  scene.dnsmasq("s0", std::string(kRange) +
                          "--dhcp-option=option:router,10.9.0.1 --domain=rack.example "
                          "--dhcp-option=option:mtu,1400 --local=/example/ "
                          "--host-record=crash.rack.example,10.9.0.1");
  auto route = scene.reach("", "10.9.0.1");
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "10.9.0.1:22");
  CHECK(route->interface == "eth0");
  CHECK(has(route->local.host_text(), "10.9.0.5"));
  CHECK(scene.observer.has_noted("eth0 (52:54:00:12:34:56): 10.9.0.5"));
  CHECK(has(scene.output("ip route"), "default via 10.9.0.1 dev eth0 proto dhcp"));
  CHECK(has(scene.output("ip link show eth0"), "mtu 1400"));
  CHECK(has(scene.output("cat /etc/resolv.conf"), "nameserver 10.9.0.1\nsearch rack.example\n"));

  // The next target's job finds the interface configured, sends no request, and its names resolve.
  const std::string before = scene.output("ip -4 -o address show eth0");
  scene.observer = {};
  route = scene.reach("", "crash");
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "10.9.0.1:22");
  CHECK(scene.observer.notes.empty());
  CHECK(scene.output("ip -4 -o address show eth0") == before);
}

TEST_CASE("without a server to reach, an address is enough") {
  OneServer scene;
  scene.dnsmasq("s0", kRange);
  const auto network = capture_network(NetworkSettings());
  for (int job = 0; job < 2; ++job) {  // the second finds it set up
    const auto up = network->bring_up(8, scene.observer);
    CAPTURE(observer_text(scene));
    if (!up) FAIL(up.error().text);
    CHECK(has(scene.output("ip -4 -o address show eth0"), "10.9.0.5"));
  }
}

TEST_CASE("a DHCP server that never answers costs two deadlines, on a link that was up one") {
  OneServer scene;
  const int64_t begin_ms = real_sys().monotonic_ms();
  const auto route = scene.reach("ip=eth0:dhcp", "10.9.0.1", 22, 2);
  const int64_t took_ms = real_sys().monotonic_ms() - begin_ms;
  REQUIRE_FALSE(route);
  CHECK(scene.observer.has_noted("eth0: no DHCP server has answered; retrying once"));
  CHECK(took_ms < 8000);

  scene.observer = {};
  REQUIRE_FALSE(scene.reach("ip=eth0:dhcp", "10.9.0.1", 22, 2));
  CHECK(scene.observer.has_noted("eth0: no DHCP server has answered"));
  CHECK_FALSE(scene.observer.has_noted("retrying once"));
}

// eth0 to a switch that looks for loops for six seconds after the link has come up.
struct LearningSwitch : NetScene {
  LearningSwitch() {
    cable("eth0", "s0", kMac);
    there("ip link add switch0 type bridge stp_state 1 forward_delay 300 max_age 600");
    there("ip address add 10.9.0.1/24 dev switch0");
    there("ip link set s0 master switch0 up && ip link set switch0 up");
    listen(22);
  }
};
// Nothing that is asked within the first five goes further than its port.
constexpr uint32_t kLessThanItLearns = 5;

TEST_CASE("a lease is asked for again where a switch may have passed nothing") {
  LearningSwitch scene;
  scene.dnsmasq("switch0", kRange);
  const auto route = scene.reach("", "10.9.0.1", 22, kLessThanItLearns);
  REQUIRE_REACHED(route);
  CHECK(scene.observer.has_noted("retrying once"));
}

TEST_CASE("a server is asked for again where a switch may have passed nothing") {
  LearningSwitch scene;
  const auto route = scene.reach("ip=10.9.0.7:::24::eth0:none", "10.9.0.1", 22, kLessThanItLearns);
  REQUIRE_REACHED(route);
}

TEST_CASE("a fixed address needs no server, and is not added twice") {
  OneServer scene;
  const std::string arguments = "ip=10.9.0.7::10.9.0.1:24:capture:eth0:none:1420";
  for (int target = 0; target < 2; ++target) {
    const auto route = scene.reach(arguments, "10.9.0.1");
    REQUIRE_REACHED(route);
    CHECK(route->local.host_text() == "10.9.0.7");
  }
  CHECK(has(scene.output("ip -4 -o address show eth0"),
            "inet 10.9.0.7/24 brd 10.9.0.255 scope global"));
  CHECK(has(scene.output("ip route"), "default via 10.9.0.1 dev eth0"));
  CHECK(has(scene.output("ip link show eth0"), "mtu 1420"));
  CHECK(scene.output("hostname") == "capture\n");
}

TEST_CASE("DHCP with an address takes the address where no server answers") {
  OneServer scene;
  const auto route = scene.reach("ip=10.9.0.7:::24::eth0:dhcp", "10.9.0.1", 22, 2);
  REQUIRE_REACHED(route);
  CHECK(route->local.host_text() == "10.9.0.7");
}

TEST_CASE("a fixed IPv6 address is used once it is known to be unique") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kMac, "fd00:9::1/64");
  scene.listen(22);
  const auto route = scene.reach("ip=[fd00:9::7]::[fd00:9::1]:64::eth0:none", "fd00:9::1");
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "[fd00:9::1]:22");
  CHECK(route->local.host_text() == "fd00:9::7");
  CHECK(has(scene.output("ip -6 route"), "default via fd00:9::1 dev eth0"));
}

TEST_CASE("an IPv6 address that another machine has is refused by name") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kMac, "fd00:9::1/64");
  const auto route = scene.reach("ip=[fd00:9::1]:::64::eth0:none", "fd00:9::2", 22, 3);
  REQUIRE_FALSE(route);
  CHECK(scene.observer.has_noted("fd00:9::1 is in use by another machine"));
}

TEST_CASE("an address comes from a router's advertisement, and name servers with it") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kMac, "fd00:9::1/64");
  scene.listen(22);
  scene.dnsmasq("s0",
                "--enable-ra --dhcp-range=fd00:9::,ra-only,64 --ra-param=s0,4 "
                "--dhcp-option=option6:dns-server,[fd00:9::1] --local=/example/ "
                "--host-record=crash.example,fd00:9::1");
  auto route = scene.reach("ip=eth0:auto6", "fd00:9::1", 22, 10);
  REQUIRE_REACHED(route);
  CHECK(has(route->local.host_text(), "fd00:9::5054:ff:fe12:3456"));
  CHECK(has(scene.output("cat /etc/resolv.conf"), "nameserver fd00:9::1\n"));
  route = scene.reach("ip=eth0:auto6", "crash.example", 22, 10);
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "[fd00:9::1]:22");
}

TEST_CASE("without any argument an IPv6 server is reached by advertisement") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kMac, "fd00:9::1/64");
  scene.listen(22);
  scene.dnsmasq("s0", "--enable-ra --dhcp-range=fd00:9::,ra-only,64 --ra-param=s0,4");
  const auto route = scene.reach("", "fd00:9::1", 22, 10);
  REQUIRE_REACHED(route);
}

TEST_CASE("a network that has IPv6 alone is found out while DHCP gets no answer") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kMac, "fd00:9::1/64");
  scene.listen(22);
  scene.dnsmasq("s0",
                "--enable-ra --dhcp-range=fd00:9::,ra-only,64 --ra-param=s0,4 "
                "--dhcp-option=option6:dns-server,[fd00:9::1] --local=/example/ "
                "--host-record=crash.example,fd00:9::1");
  const auto route = scene.reach("", "crash.example", 22, 8);
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "[fd00:9::1]:22");
}

TEST_CASE("DHCPv6 gives an address and name servers, where routers give none") {
  for (const char* method : {"dhcp6", "either6"}) {
    NetScene scene;
    scene.live_cable("eth0", "s0", kMac, "fd00:9::1/64");
    scene.listen(22);
    scene.dnsmasq("s0",
                  "--enable-ra --dhcp-range=fd00:9::100,fd00:9::1ff,64,1h --ra-param=s0,4 "
                  "--dhcp-option=option6:dns-server,[fd00:9::1] "
                  "--dhcp-option=option6:domain-search,rack.example --local=/example/ "
                  "--host-record=crash.rack.example,fd00:9::1");
    auto route = scene.reach(std::string("ip=eth0:") + method, "fd00:9::1", 22, 6);
    REQUIRE_REACHED(route);
    CHECK(has(route->local.host_text(), "fd00:9::1"));
    CHECK(has(scene.output("cat /etc/resolv.conf"), "nameserver fd00:9::1\n"));
    route = scene.reach(std::string("ip=eth0:") + method, "crash", 22, 6);
    REQUIRE_REACHED(route);
  }
}

TEST_CASE("a DHCPv6 server that never answers costs one deadline") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kMac, "fd00:9::1/64");
  const int64_t begin_ms = real_sys().monotonic_ms();
  CHECK_FALSE(scene.reach("ip=eth0:dhcp6", "fd00:9::1", 22, 3));
  CHECK(scene.observer.has_noted("no DHCPv6 server assigned an address"));
  CHECK(real_sys().monotonic_ms() - begin_ms < 9000);
}

TEST_CASE("a link-local server is reached with its zone") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kMac, "fe80::1/64");
  scene.listen(22);
  const auto route = scene.reach("", "fe80::1%eth0");
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "[fe80::1%eth0]:22");
  CHECK(route->interface == "eth0");
}

TEST_CASE("of two interfaces the one that reaches the server is found") {
  NetScene scene;
  // eth0 gets a lease and a default route, but no host there has the server's address.
  scene.live_cable("eth0", "s0", kOtherMac, "10.8.0.1/24");
  scene.live_cable("eth1", "s1", kMac, "10.9.0.1/24");
  scene.listen(22);
  scene.dnsmasq("s0", "--port=0 --dhcp-range=10.8.0.50,10.8.0.60,255.255.255.0,1h");
  scene.dnsmasq("s1", std::string("--port=0 ") + kRange);
  // What comes by s0 for the server's address goes nowhere.
  scene.there(
      "ip address add 10.7.7.7/32 dev s1; ip rule add pref 1 lookup local; "
      "ip rule del pref 0; ip rule add pref 0 iif s0 to 10.7.7.7 blackhole");
  // Its carrier is there first.
  scene.here("ip link set eth0 up; sleep 0.3");
  const auto route = scene.reach("", "10.7.7.7", 22, 6);
  REQUIRE_REACHED(route);
  CHECK(route->interface == "eth1");
  CHECK(scene.observer.has_noted("by eth0"));
  // What eth0's lease gave is taken away again.
  CHECK_FALSE(has(scene.output("ip -4 -o address show eth0"), "inet "));
}

TEST_CASE("an interface without a carrier costs nothing where another has one") {
  NetScene scene;
  scene.cable("eth0", "s0", kOtherMac);
  scene.live_cable("eth1", "s1", kMac, "10.9.0.1/24");
  scene.listen(22);
  scene.dnsmasq("s1", std::string("--port=0 ") + kRange);
  const int64_t begin_ms = real_sys().monotonic_ms();
  const auto route = scene.reach("ip=dhcp", "10.9.0.1", 22, 20);
  REQUIRE_REACHED(route);
  CHECK(route->interface == "eth1");
  CHECK(real_sys().monotonic_ms() - begin_ms < 10'000);
}

TEST_CASE("a carrier may come late") {
  NetScene scene;
  scene.cable("eth0", "s0", kMac);
  scene.there("ip address add 10.9.0.1/24 dev s0");
  scene.listen(22);
  scene.later(1500, "$there ip link set s0 up");
  const auto route = scene.reach("ip=10.9.0.7:::24::eth0:none", "10.9.0.1", 22, 8);
  REQUIRE_REACHED(route);
}

TEST_CASE("no carrier at all ends with the deadline and says so") {
  NetScene scene;
  scene.cable("eth0", "s0", kMac);
  const int64_t begin_ms = real_sys().monotonic_ms();
  const auto route = scene.reach("", "10.9.0.1", 22, 2);
  REQUIRE_FALSE(route);
  CHECK(has(route.error().text, "no interface has a carrier after 2 s"));
  CHECK(real_sys().monotonic_ms() - begin_ms < 4000);
}

TEST_CASE("an interface that comes up late and under another name is known by its MAC") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kOtherMac, "");
  scene.listen(22);
  scene.later(1500,
              "ip link add ens9 address 52:54:00:12:34:56 type veth peer name s1 netns $server && "
              "$there ip address add 10.9.0.1/24 dev s1 && $there ip link set s1 up");
  const auto route = scene.reach("ip=10.9.0.7:::24::52-54-00-12-34-56:none", "10.9.0.1", 22, 8);
  REQUIRE_REACHED(route);
  CHECK(route->interface == "ens9");
}

TEST_CASE("ifname= renames by MAC, also over a name that is taken") {
  NetScene scene;
  scene.live_cable("eth0", "s0", kOtherMac, "");
  scene.live_cable("eth1", "s1", kMac, "10.9.0.1/24");
  scene.listen(22);
  const auto route =
      scene.reach("ifname=eth0:52:54:00:12:34:56 ip=10.9.0.7:::24::eth0:none", "10.9.0.1");
  REQUIRE_REACHED(route);
  CHECK(route->interface == "eth0");
  CHECK(has(scene.output("ip link show eth0"), kMac));
}

TEST_CASE("an interface that is not there has its settings tried on the others") {
  OneServer scene;
  const auto route = scene.reach("ip=10.9.0.7:::24::ens3:none", "10.9.0.1", 22, 2);
  REQUIRE_REACHED(route);
  CHECK(route->interface == "eth0");
  CHECK(scene.observer.has_noted("interface ens3 is missing; present: eth0 (52:54:00:12:34:56)"));
}

TEST_CASE("an interface that is set up already is used and left alone") {
  OneServer scene;
  scene.here("ip link set eth0 up; ip address add 10.9.0.9/24 dev eth0");
  const std::string before = scene.output("ip -4 -o address show eth0; ip route");
  for (const char* arguments : {"", "ip=dhcp", "ip=eth0:dhcp"}) {
    const auto route = scene.reach(arguments, "10.9.0.1");
    REQUIRE_REACHED(route);
    CHECK(route->local.host_text() == "10.9.0.9");
  }
  CHECK(scene.output("ip -4 -o address show eth0; ip route") == before);
}

TEST_CASE("ip=off and ip=none on an interface leave it alone") {
  OneServer scene;
  CHECK_FALSE(scene.reach("ip=off", "10.9.0.1", 22, 1));
  CHECK_FALSE(scene.reach("ip=::::host:eth0:none", "10.9.0.1", 22, 1));
  CHECK_FALSE(has(scene.output("ip link show eth0"), ",UP"));
}

TEST_CASE("what the packer writes for jumbo frames and an IPv6 gateway is set") {
  NetScene scene;
  scene.live_cable("eth0", "far0", "02:00:00:00:00:01", "10.9.0.1/24");
  scene.listen(22);
  const auto route = scene.reach(
      "ip=eth0:none:1400 ip=10.9.0.7:::24::eth0:none rd.route=10.8.0.0/16:[fe80::1]:eth0",
      "10.9.0.1");
  CHECK(route);
  CHECK(scene.output("ip link show eth0").find("mtu 1400") != std::string::npos);
  CHECK(scene.output("ip -4 route").find("10.8.0.0/16 via inet6 fe80::1") != std::string::npos);
}

TEST_CASE("rd.route= leads to a server behind a gateway") {
  OneServer scene;
  scene.there("ip address add 10.7.7.7/32 dev lo");
  const auto route =
      scene.reach("ip=10.9.0.7:::24::eth0:none rd.route=10.7.0.0/16:10.9.0.1:eth0", "10.7.7.7");
  REQUIRE_REACHED(route);
  CHECK(has(scene.output("ip route"), "10.7.0.0/16 via 10.9.0.1 dev eth0"));
}

TEST_CASE("nameserver= comes before the lease's, and alone with rd.peerdns=0") {
  OneServer scene;
  scene.dnsmasq(
      "s0", std::string(kRange) +
                "--dhcp-option=option:dns-server,10.9.0.99 --host-record=crash.example,10.9.0.1");
  const auto route = scene.reach("nameserver=10.9.0.1 rd.peerdns=0", "crash.example");
  REQUIRE_REACHED(route);
  CHECK_FALSE(has(scene.output("cat /etc/resolv.conf"), "10.9.0.99"));
}

TEST_CASE("a name without an answer ends within its deadline, with the name") {
  OneServer scene;
  const auto route =
      scene.reach("ip=10.9.0.7:::24::eth0:none nameserver=10.9.0.1", "crash.example", 22, 1);
  REQUIRE_FALSE(route);
  CHECK(has(route.error().text, "name crash.example"));
}

// A name server that denies that there is a name where only the other family's address is asked
// for, as some load balancers do.
void deny_all_but_ipv4() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in here{.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {}, .sin_zero = {}};
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) return;
  constexpr ssize_t kHeader = 12, kMaxAsked = 512;
  for (;;) {
    uint8_t packet[kMaxAsked + 16];
    sockaddr_in peer{};
    socklen_t peer_size = sizeof peer;
    ssize_t size =
        ::recvfrom(fd, packet, kMaxAsked, 0, reinterpret_cast<sockaddr*>(&peer), &peer_size);
    if (size < kHeader + 5) continue;
    // The question ends at its name's zero, type and class; what follows (EDNS) is not answered.
    const auto* const zero =
        static_cast<uint8_t*>(memchr(packet + kHeader, 0, static_cast<size_t>(size - kHeader - 4)));
    if (!zero) continue;
    const bool is_ipv4 = zero[2] == 1;
    const uint8_t counts[] = {
        0x81, static_cast<uint8_t>(is_ipv4 ? 0x80 : 0x83), 0, 1, 0, is_ipv4, 0, 0, 0, 0};
    memcpy(packet + 2, counts, sizeof counts);
    size = zero + 5 - packet;
    constexpr uint8_t kAddress[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 9, 0, 1};
    if (is_ipv4) {
      memcpy(packet + size, kAddress, sizeof kAddress);
      size += sizeof kAddress;
    }
    ::sendto(fd, packet, static_cast<size_t>(size), 0, reinterpret_cast<const sockaddr*>(&peer),
             peer_size);
  }
}

TEST_CASE("a name server that denies the name for one family is asked for the other alone") {
  OneServer scene;
  scene.run_there(deny_all_but_ipv4);
  const auto route =
      scene.reach("ip=10.9.0.7:::24::eth0:none nameserver=10.9.0.1", "crash.example");
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "10.9.0.1:22");
}

TEST_CASE("a server that comes late is waited for, also where its other address has no route") {
  OneServer scene;
  scene.dnsmasq("s0", "--host-record=crash.example,10.9.0.2,2001:db8::2");
  scene.later(4000, "$there ip address add 10.9.0.2/24 dev s0");
  const auto route =
      scene.reach("ip=10.9.0.7:::24::eth0:none nameserver=10.9.0.1", "crash.example", 22, 12);
  REQUIRE_REACHED(route);
  CHECK(route->server.text() == "10.9.0.2:22");
}

TEST_CASE("a bridge is made of its ports") {
  OneServer scene;
  for (int target = 0; target < 2; ++target) {
    const auto route = scene.reach("bridge=br7:eth0 ip=10.9.0.7:::24::br7:none", "10.9.0.1", 22, 5);
    REQUIRE_REACHED(route);
    CHECK(route->interface == "br7");
  }
  CHECK(has(scene.output("ip link show eth0"), "master br7"));
}

TEST_CASE("a VLAN is made on its interface, named by MAC here") {
  NetScene scene;
  if (!scene.has_kind("vlan")) return;
  scene.live_cable("eth0", "s0", kMac, "10.8.0.1/24");
  scene.there(
      "ip link add link s0 name s0.5 type vlan id 5; ip link set s0.5 up; "
      "ip address add 10.9.0.1/24 dev s0.5");
  scene.listen(22);
  for (int target = 0; target < 2; ++target) {
    const auto route = scene.reach(
        "vlan=vlan0005:52-54-00-12-34-56 ip=10.9.0.7:::24::vlan0005:none", "10.9.0.1", 22, 5);
    REQUIRE_REACHED(route);
    CHECK(route->interface == "vlan0005");
  }
  CHECK(has(scene.output("ip -d link show vlan0005"), "vlan protocol 802.1Q id 5"));
}

TEST_CASE("a VLAN without settings is tried before its interface") {
  NetScene scene;
  if (!scene.has_kind("vlan")) return;
  scene.live_cable("eth0", "s0", kMac, "10.8.0.1/24");
  scene.there(
      "ip link add link s0 name s0.5 type vlan id 5; ip link set s0.5 up; "
      "ip address add 10.9.0.1/24 dev s0.5");
  scene.listen(22);
  scene.dnsmasq("s0.5", std::string("--port=0 ") + kRange);
  const auto route = scene.reach("vlan=eth0.5:eth0", "10.9.0.1", 22, 5);
  REQUIRE_REACHED(route);
  CHECK(route->interface == "eth0.5");
}

TEST_CASE("a bond is made of its ports with its options, and survives one of them") {
  NetScene scene;
  if (!scene.has_kind("bond")) return;
  scene.live_cable("eth0", "s0", kMac, "");
  scene.live_cable("eth1", "s1", kOtherMac, "");
  scene.there(
      "ip link add br0 type bridge; ip link set s0 master br0; ip link set s1 master br0; "
      "ip link set br0 up; ip address add 10.9.0.1/24 dev br0");
  scene.listen(22);
  const std::string arguments =
      "bond=bond0:eth0,eth1:mode=active-backup,miimon=50,primary=eth1,nonsense=1:1400 "
      "ip=10.9.0.7:::24::bond0:none";
  auto route = scene.reach(arguments, "10.9.0.1", 22, 5);
  REQUIRE_REACHED(route);
  CHECK(route->interface == "bond0");
  CHECK(scene.observer.has_noted("unknown bond option 'nonsense'"));
  const std::string bond = scene.output("ip -d link show bond0");
  CHECK(has(bond, "mode active-backup"));
  CHECK(has(bond, "miimon 50"));
  CHECK(has(bond, "primary eth1"));
  CHECK(has(bond, "mtu 1400"));
  scene.there("ip link set s1 down");
  route = scene.reach(arguments, "10.9.0.1", 22, 5);
  REQUIRE_REACHED(route);
  CHECK(has(scene.output("ip -d link show bond0"), "active_slave eth0"));
}

TEST_CASE("a MAC address is set where ip= has one") {
  OneServer scene;
  const auto route =
      scene.reach("ip=10.9.0.7:::24::eth0:none::02:00:00:00:00:01", "10.9.0.1", 22, 5);
  REQUIRE_REACHED(route);
  CHECK(has(scene.output("ip link show eth0"), "02:00:00:00:00:01"));
}

TEST_CASE("a server that refuses fails at once, with interface and reason") {
  OneServer scene;
  const int64_t begin_ms = real_sys().monotonic_ms();
  const auto route = scene.reach("ip=10.9.0.7:::24::eth0:none", "10.9.0.1", 23, 10);
  REQUIRE_FALSE(route);
  CHECK(has(route.error().text, "10.9.0.1:23: Connection refused"));
  CHECK(real_sys().monotonic_ms() - begin_ms < 5000);
}

}  // namespace
}  // namespace kdump
