// Encodes and decodes the four messages of a DHCPv6 exchange (RFC 8415) for one address and name
// servers. Pure. Answers are hostile, since anyone on the link can send them: all lengths are
// bounded, and names are limited to the characters of host names, as in lease.h. Timing is in
// dhcp6.cc.
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
  std::vector<uint8_t> server = {};  // for a request: the advertising server
  IpAddress address = {};            // and the address it advertised
};
// Encodes a message for the UDP payload.
std::vector<uint8_t> dhcp6_bytes(const Dhcp6Question& question);

struct Dhcp6Answer {
  uint8_t type = 0;
  std::vector<uint8_t> server;
  IpAddress address;  // none: the server assigns none
  std::vector<IpAddress> nameservers;
  std::vector<std::string> search;
  bool is_committed = false;  // a reply to a solicitation with rapid commit is final
};
// Fails: corrupt, if the message is truncated or does not answer this question.
Result<Dhcp6Answer> parse_dhcp6_answer(Bytes message, const Dhcp6Question& question);

}  // namespace kdump
