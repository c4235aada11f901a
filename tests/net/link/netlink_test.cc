// Netlink messages that are cut short, and what bond= means to the bonding driver.
#include "net/link/netlink.h"

#include <doctest/doctest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>

#include <random>

#include "net/dhcp/router_advertisement.h"
#include "net/link/bond_options.h"

namespace kdump {
namespace {

void append_attribute(std::vector<uint8_t>& to, uint16_t type, std::vector<uint8_t> value) {
  const nlattr header{.nla_len = static_cast<uint16_t>(sizeof header + value.size()),
                      .nla_type = type};
  const Bytes bytes = bytes_of(header);
  to.insert(to.end(), bytes.begin(), bytes.end());
  value.resize((value.size() + 3) & ~size_t{3});
  to.insert(to.end(), value.begin(), value.end());
}

TEST_CASE("a bond's options are read as bond= writes them, without the driver's defaults") {
  std::vector<uint8_t> targets, data;
  append_attribute(targets, 0, {192, 0, 2, 1});
  append_attribute(targets, 1, {192, 0, 2, 2});
  append_attribute(data, IFLA_BOND_MODE, {0});
  append_attribute(data, IFLA_BOND_ARP_INTERVAL, {0xe8, 3, 0, 0});
  append_attribute(data, IFLA_BOND_USE_CARRIER, {1});
  append_attribute(data, IFLA_BOND_RESEND_IGMP, {1, 0, 0, 0});
  append_attribute(data, IFLA_BOND_NUM_PEER_NOTIF, {3});
  append_attribute(data, IFLA_BOND_AD_LACP_RATE, {1});
  append_attribute(data, IFLA_BOND_AD_ACTOR_SYS_PRIO, {0xff, 0xff});
  append_attribute(data, IFLA_BOND_ARP_IP_TARGET, targets);
  std::string line;
  for (const BondOption& option : read_bond_options(data)) {
    CHECK(check_bond_option(option));
    line += option.name + "=" + option.value + " ";
  }
  CHECK(line ==
        "mode=balance-rr arp_interval=1000 num_grat_arp=3 lacp_rate=fast "
        "arp_ip_target=192.0.2.1;192.0.2.2 ");
}

TEST_CASE("attributes end where their bytes do") {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> data(random() % 64);
    for (uint8_t& octet : data)
      octet = static_cast<uint8_t>(random() % 3 ? random() % 12 : random());
    NetlinkAttributes attributes{Bytes(data)};
    uint16_t type;
    Bytes value;
    size_t count = 0, bytes = 0;
    while (attributes.next(type, value)) ++count, bytes += value.size();
    CHECK(count <= data.size() / 4);
    CHECK(bytes <= data.size());
    netlink_text(NetlinkAttributes{Bytes(data)}.find(1));
  }
}

// A message about one router's options.
std::vector<uint8_t> router_message(Bytes options) {
  nduseroptmsg header{};
  header.nduseropt_family = AF_INET6;
  header.nduseropt_opts_len = static_cast<uint16_t>(options.size());
  header.nduseropt_ifindex = 7;
  header.nduseropt_icmp_type = ND_ROUTER_ADVERT;
  std::vector<uint8_t> message(bytes_of(header).begin(), bytes_of(header).end());
  message.insert(message.end(), options.begin(), options.end());
  return message;
}

TEST_CASE("name servers are read from a router's advertisement, but link-local ones") {
  std::vector<uint8_t> option = {25, 5, 0, 0, 0, 0, 0, 60};
  for (const char* server : {"2001:db8::53", "fe80::1"}) {
    const IpAddress address = *IpAddress::parse(server);
    option.insert(option.end(), address.octets, address.octets + 16);
  }
  const auto message = router_message(option);
  const RouterAdvertisement news =
      parse_router_advertisement({.type = RTM_NEWNDUSEROPT, .body = message});
  CHECK(news.link == 7);
  REQUIRE(news.nameservers.size() == 1);
  CHECK(news.nameservers[0].text() == "2001:db8::53");

  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> broken = router_message(option);
    for (int change = 0; change < 4; ++change)
      broken[random() % broken.size()] = static_cast<uint8_t>(random());
    broken.resize(random() % (broken.size() + 1));
    CHECK(
        parse_router_advertisement({.type = RTM_NEWNDUSEROPT, .body = broken}).nameservers.size() <=
        3);
  }
}

TEST_CASE("bond options are held to the driver's names and ranges") {
  for (const BondOption& option : std::vector<BondOption>{{"mode", "active-backup"},
                                                          {"mode", "4"},
                                                          {"miimon", "100"},
                                                          {"lacp_rate", "fast"},
                                                          {"xmit_hash_policy", "layer3+4"},
                                                          {"arp_ip_target", "10.0.0.1;10.0.0.2"},
                                                          {"primary", "eth0"},
                                                          {"fail_over_mac", "follow"}})
    CHECK(check_bond_option(option));
  for (const BondOption& option : std::vector<BondOption>{{"mode", "round-robin"},
                                                          {"mode", "7"},
                                                          {"miimon", "x"},
                                                          {"miimon", "4294967295"},
                                                          {"arp_ip_target", "10.0.0.1;fe80::1"},
                                                          {"primary", "a/b"},
                                                          {"speed", "9"}})
    CHECK_FALSE(check_bond_option(option));
}

}  // namespace
}  // namespace kdump
