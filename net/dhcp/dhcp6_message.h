// The four messages of a DHCPv6 exchange (RFC 8415) that asks for one address and name servers,
// as bytes. Pure. Who answers is anyone on the link: all is bounded, and names are held to the
// letters of host names, as in lease.h. When they are sent is dhcp6.h's.
#pragma once

#include <string>
#include <vector>

#include "filter/base/bytes.h"
#include "net/base/ip_address.h"
#include "net/base/mac_address.h"

namespace kdump {

constexpr uint8_t kDhcp6Solicit = 1, kDhcp6Advertise = 2, kDhcp6Request = 3, kDhcp6Reply = 7;

struct Dhcp6Question {
  uint8_t type = kDhcp6Solicit;
  uint32_t transaction = 0;  // 24 bits
  MacAddress mac;
  uint16_t elapsed_hundredths = 0;
  std::vector<uint8_t> server = {};  // of the advertisement that a request takes up
  IpAddress address = {};            // and its address
};
std::vector<uint8_t> dhcp6_bytes(const Dhcp6Question& question);

struct Dhcp6Answer {
  uint8_t type = 0;
  std::vector<uint8_t> server;
  IpAddress address;  // none: the server has none for us
  std::vector<IpAddress> nameservers;
  std::vector<std::string> search;
  bool is_committed = false;  // a reply to a solicitation may be final
};
// Fails: corrupt, if it is no answer to this question, or cut short.
Result<Dhcp6Answer> parse_dhcp6_answer(Bytes message, const Dhcp6Question& question);

}  // namespace kdump
