// What DHCP servers answer, and what hostile ones could.
#include "net/dhcp/lease.h"

#include <doctest/doctest.h>

#include <random>

#include "net/base/resolver_files.h"
#include "net/dhcp/dhcp6_message.h"

namespace kdump {
namespace {

const IpAddress kAddress = *IpAddress::parse("192.0.2.10");

// The bytes of a string literal, without its NUL.
template <size_t n>
Bytes octets(const char (&literal)[n]) {
  return {reinterpret_cast<const uint8_t*>(literal), n - 1};
}

TEST_CASE("an ordinary lease is read whole") {
  const auto lease =
      parse_lease(kAddress, {.subnet_mask = octets("\xff\xff\xff\x80"),
                             .routers = octets("\xc0\x00\x02\x01\xc0\x00\x02\x02"),
                             .nameservers = octets("\xc0\x00\x02\x35\x08\x08\x08\x08"),
                             .domain = octets("rack.example"),
                             .mtu = octets("\x05\x78"),
                             .domain_search = {},
                             .classless_routes = {}});
  REQUIRE(lease);
  CHECK(lease->prefix == 25);
  REQUIRE(lease->routes.size() == 1);
  CHECK(lease->routes[0].prefix == 0);
  CHECK(lease->routes[0].gateway.text() == "192.0.2.1");
  REQUIRE(lease->nameservers.size() == 2);
  CHECK(lease->nameservers[1].text() == "8.8.8.8");
  CHECK(lease->search == std::vector<std::string>{"rack.example"});
  CHECK(lease->mtu == 1400);
}

TEST_CASE("classless routes replace the routers (RFC 3442)") {
  const auto lease = parse_lease(
      kAddress, {.routers = octets("\xc0\x00\x02\x01"),
                 .classless_routes = octets("\x00\xc0\x00\x02\x07"              // default
                                            "\x12\x0a\x1b\xc0\xc0\x00\x02\x08"  // 10.27.192/18
                                            "\x18\x0a\x01\x02\x00\x00\x00\x00"  // on the link
                                            "\x20\x0a\x01")});                  // cut short
  REQUIRE(lease);
  REQUIRE(lease->routes.size() == 3);
  CHECK(lease->routes[0].gateway.text() == "192.0.2.7");
  CHECK(lease->routes[1].network.text() == "10.27.192.0");
  CHECK(lease->routes[1].prefix == 18);
  CHECK_FALSE(lease->routes[2].gateway);
}

TEST_CASE("a domain search list is unpacked, pointers and all (RFC 3397)") {
  const auto lease = parse_lease(kAddress, {.domain = octets("other.example"),
                                            .domain_search = octets("\x03"
                                                                    "eng\x05"
                                                                    "apple\x03"
                                                                    "com\x00"
                                                                    "\x09"
                                                                    "marketing\xc0\x04")});
  REQUIRE(lease);
  CHECK(lease->search == std::vector<std::string>{"eng.apple.com", "marketing.apple.com"});
}

TEST_CASE("what makes no sense is left out, and the rest serves") {
  const auto lease =
      parse_lease(kAddress, {.subnet_mask = octets("\xff\x00\xff\x00"),
                             .routers = octets("\xff\xff\xff\xff\xc0\x00\x02\x01\x01"),
                             .nameservers = octets("\x7f\x00\x00\x01\xe0\x00\x00\x01"),
                             .domain = octets("a\nnameserver 6.6.6.6"),
                             .mtu = octets("\x00\x10"),
                             .domain_search = octets("\xc0\x00")});
  REQUIRE(lease);
  CHECK(lease->prefix == 24);
  REQUIRE(lease->routes.size() == 1);
  CHECK(lease->routes[0].gateway.text() == "192.0.2.1");
  CHECK(lease->nameservers.empty());
  CHECK(lease->search.empty());
  CHECK(lease->mtu == 0);
  for (const char* address : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"})
    CHECK_FALSE(parse_lease(*IpAddress::parse(address), {}));
}

TEST_CASE("no option of any content goes beyond its bounds") {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> data(random() % 300);
    for (uint8_t& octet : data)
      octet =
          static_cast<uint8_t>(random() % 4 ? random() % 8 + (random() % 2 ? 0xc0 : 0) : random());
    const Bytes all(data);
    const Bytes front = all.first(data.empty() ? 0 : random() % data.size());
    const auto lease = parse_lease(kAddress, {.subnet_mask = front,
                                              .routers = all,
                                              .nameservers = all,
                                              .domain = front,
                                              .mtu = front,
                                              .domain_search = all,
                                              .classless_routes = all});
    REQUIRE(lease);
    CHECK(lease->prefix <= 32);
    CHECK(lease->nameservers.size() <= kMaxNameservers);
    for (const std::string& name : lease->search) CHECK(is_domain_name(name));
    for (const LeaseRoute& route : lease->routes) CHECK(route.prefix <= 32);
  }
}

TEST_CASE("a DHCPv6 answer is read, and no mutation of it goes beyond its bounds") {
  const Dhcp6Question question{.transaction = 0x123456,
                               .mac = *MacAddress::parse("52:54:00:12:34:56")};
  std::vector<uint8_t>
      answer = {kDhcp6Reply, 0x12, 0x34, 0x56, 0,    1, 0,    10,  0,   3,   0,   1,  0x52,
                0x54,        0,    0x12, 0x34, 0x56, 0, 2,    0,   4,   9,   9,   9,  9,  // server
                0,           3,    0,    40,   0,    0, 0,    1,   0,   0,   0,   0,  0,
                0,           0,    0,  // association
                0,           5,    0,    24,   0xfd, 0, 0,    9,   0,   0,   0,   0,  0,
                0,           0,    0,    0,    0,    0, 0x50,  // address
                0,           0,    14,   16,   0,    0, 14,   16,  0,   23,  0,   16, 0xfd,
                0,           0,    9,    0,    0,    0, 0,    0,   0,   0,   0,   0,  0,
                0,           1,    0,    24,   0,    6, 4,    'r', 'a', 'c', 'k', 0};
  const auto parsed = parse_dhcp6_answer(answer, question);
  REQUIRE(parsed);
  CHECK(parsed->address.text() == "fd00:9::50");
  CHECK(parsed->server.size() == 4);
  REQUIRE(parsed->nameservers.size() == 1);
  CHECK(parsed->nameservers[0].text() == "fd00:9::1");
  CHECK(parsed->search == std::vector<std::string>{"rack"});
  // What we ask is no answer to it.
  CHECK_FALSE(parse_dhcp6_answer(dhcp6_bytes(question), question));

  std::mt19937 random(9);
  for (int round = 0; round < 30'000; ++round) {
    std::vector<uint8_t> broken = answer;
    for (int change = 0; change < 4; ++change)
      broken[4 + random() % (broken.size() - 4)] = static_cast<uint8_t>(random());
    broken.resize(random() % (broken.size() + 1));
    const auto read = parse_dhcp6_answer(broken, question);
    if (!read) continue;
    CHECK(read->nameservers.size() <= kMaxNameservers);
    CHECK_FALSE(read->address.is_link_local());
  }
}

}  // namespace
}  // namespace kdump
