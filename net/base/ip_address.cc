#include "net/base/ip_address.h"

#include <arpa/inet.h>

#include <cstring>

namespace kdump {

bool IpAddress::is_link_local() const {
  if (is_v4()) return octets[0] == 169 && octets[1] == 254;
  return is_v6() && octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return octets[0] == 127;
  constexpr uint8_t kLoopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return is_v6() && memcmp(octets, kLoopback, sizeof kLoopback) == 0;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = "none";
  if (*this) inet_ntop(family, octets, buffer, sizeof buffer);
  return buffer;
}

IpAddress IpAddress::network(uint8_t prefix) const {
  IpAddress out = *this;
  for (size_t bit = prefix; bit < size() * 8; ++bit)
    out.octets[bit / 8] &= static_cast<uint8_t>(~(0x80u >> bit % 8));
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof buffer) return std::nullopt;
  buffer[text.copy(buffer, text.size())] = '\0';
  IpAddress out;
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, buffer, out.octets) != 1) continue;
    out.family = static_cast<uint16_t>(family);
    return out;
  }
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from(Bytes octets) {
  if (octets.size() != 4 && octets.size() != 16) return std::nullopt;
  IpAddress out;
  out.family = octets.size() == 4 ? AF_INET : AF_INET6;
  memcpy(out.octets, octets.data(), octets.size());
  return out;
}

std::optional<uint8_t> prefix_of_netmask(const IpAddress& netmask) {
  if (!netmask.is_v4()) return std::nullopt;
  uint8_t ones = 0;
  while (ones < 32 && netmask.octets[ones / 8] >> (7 - ones % 8) & 1) ++ones;
  if (netmask != netmask.network(ones)) return std::nullopt;
  return ones;
}

}  // namespace kdump
