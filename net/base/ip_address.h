// An IPv4 or IPv6 address without a port.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filter/base/bytes.h"

namespace kdump {

struct IpAddress {
  uint16_t family = AF_UNSPEC;  // AF_INET, AF_INET6; AF_UNSPEC: no address
  uint8_t octets[16] = {};      // network byte order; an IPv4 address takes the first four

  explicit operator bool() const { return family != AF_UNSPEC; }
  bool operator==(const IpAddress&) const = default;
  bool is_v4() const { return family == AF_INET; }
  bool is_v6() const { return family == AF_INET6; }
  size_t size() const { return is_v4() ? 4 : is_v6() ? 16 : 0; }
  uint8_t max_prefix() const { return static_cast<uint8_t>(size() * 8); }
  Bytes bytes() const { return {octets, size()}; }
  bool is_link_local() const;  // 169.254/16, fe80::/10
  bool is_loopback() const;    // 127/8, ::1
  std::string text() const;

  // Returns the network of the address: bits beyond the prefix are cleared.
  IpAddress network(uint8_t prefix) const;

  static std::optional<IpAddress> parse(std::string_view text);
  // Makes an address of 4 or 16 octets; nullopt for another number.
  static std::optional<IpAddress> from(Bytes octets);
};

// Returns the prefix length of an IPv4 netmask; nullopt if its ones are not contiguous.
std::optional<uint8_t> prefix_of_netmask(const IpAddress& netmask);

}  // namespace kdump
