#include "init/setup/network/server_names.h"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>

#include "filter/base/file.h"
#include "init/setup/config/words.h"

namespace kdump {
namespace {

// A name that is balanced over many machines needs no more of them.
constexpr size_t kMaxAddresses = 4, kMaxNameservers = 3, kMaxFileBytes = 64 << 10;

// The first that names a server beyond the loopback counts.
constexpr const char* kResolverFiles[] = {
    "/etc/resolv.conf",
    "/run/systemd/resolve/resolv.conf",
    "/run/NetworkManager/no-stub-resolv.conf",
};

std::vector<IpAddress> nameservers_in(const std::string& content) {
  std::vector<IpAddress> servers;
  std::string_view left = content;
  while (const auto line = next_line(left)) {
    const auto words = split_words(*line);
    const auto address =
        words.size() >= 2 && words[0] == "nameserver" ? IpAddress::parse(words[1]) : std::nullopt;
    if (address && !address->is_loopback() && servers.size() < kMaxNameservers)
      servers.push_back(*address);
  }
  return servers;
}

}  // namespace

std::vector<IpAddress> addresses_of(const std::string& host) {
  if (const auto number = IpAddress::parse(host)) return {*number};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  std::vector<IpAddress> all;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return all;
  for (const addrinfo* row = list; row && all.size() < kMaxAddresses; row = row->ai_next) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(row->ai_addr);
    const bool is_v6 = row->ai_family == AF_INET6;
    if (!is_v6 && row->ai_family != AF_INET) continue;
    const auto address = is_v6
                             ? IpAddress::from(Bytes(bytes + offsetof(sockaddr_in6, sin6_addr), 16))
                             : IpAddress::from(Bytes(bytes + offsetof(sockaddr_in, sin_addr), 4));
    if (address && std::find(all.begin(), all.end(), *address) == all.end())
      all.push_back(*address);
  }
  ::freeaddrinfo(list);
  return all;
}

std::vector<IpAddress> real_nameservers(const std::string& root) {
  for (const char* const path : kResolverFiles)
    if (const auto content = read_small_file(real_sys(), root + path, kMaxFileBytes))
      if (auto servers = nameservers_in(*content); !servers.empty()) return servers;
  return {};
}

}  // namespace kdump
