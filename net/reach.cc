#include "net/reach.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "filter/base/sys.h"
#include "filter/base/text.h"
#include "net/base/ip_address.h"
#include "net/base/resolver_files.h"
#include "net/base/tcp_socket.h"

namespace kdump {
namespace {

bool same_host(const SocketAddress& a, const sockaddr& b) {
  if (a.any.sa_family != b.sa_family) return false;
  if (a.is_v6())
    return memcmp(&a.v6.sin6_addr, &reinterpret_cast<const sockaddr_in6&>(b).sin6_addr, 16) == 0;
  return a.v4.sin_addr.s_addr == reinterpret_cast<const sockaddr_in&>(b).sin_addr.s_addr;
}

std::string interface_with(const SocketAddress& local) {
  std::string name;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return name;
  for (const ifaddrs* entry = list; entry && name.empty(); entry = entry->ifa_next)
    if (entry->ifa_addr && same_host(local, *entry->ifa_addr)) name = entry->ifa_name;
  ::freeifaddrs(list);
  return name;
}

// 0 and route filled, or an errno.
int try_one(const SocketAddress& server, int64_t until_ms, Route& route) {
  int error = 0;
  const Socket socket = connect_tcp(server, until_ms, error);
  if (!socket) return error;
  route.server = server;
  socklen_t size = sizeof route.local.v6;
  if (::getsockname(socket.get(), &route.local.any, &size) != 0) return errno;
  route.interface = interface_with(route.local);
  // The port was that connection's; sin_port and sin6_port lie at the same place.
  route.local.v4.sin_port = 0;
  return 0;
}

bool is_transient(int error) {
  switch (error) {
    case EAGAIN:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<std::vector<SocketAddress>> resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string service = text("%u", port);
  int code = 0;
  // Some name servers refuse the question for the family that a name has not, never answer it, or
  // say that there is no such name, and the C library then takes both for lost: each is asked for
  // alone.
  for (const int family : {AF_UNSPEC, AF_INET, AF_INET6}) {
    hints.ai_family = family;
    errno = 0;
    const int now = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &list);
    // The one that may be answered later says whether asking again helps.
    if (now == 0 || code != EAI_AGAIN) code = now;
    if (now == 0) break;
  }
  if (code != 0) {
    const char* why = code == EAI_SYSTEM  ? strerror(errno)
                      : code == EAI_AGAIN ? "no name server answered without an error"
                                          : ::gai_strerror(code);
    Error error = fail(Kind::io, "name %s: %s", host.c_str(), why).error();
    if (code == EAI_AGAIN) error.sys_errno = EAGAIN;
    return std::unexpected(error);
  }
  std::vector<SocketAddress> found;
  for (const addrinfo* entry = list; entry; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > sizeof address.v6) continue;
    memcpy(&address.any, entry->ai_addr, entry->ai_addrlen);
    found.push_back(address);
  }
  ::freeaddrinfo(list);
  if (found.empty()) return fail(Kind::io, "name %s: no address found", host.c_str());
  return found;
}

Result<Route> connect_to_first(const std::vector<SocketAddress>& servers, uint32_t step_s) {
  const int64_t begin_ms = real_sys().monotonic_ms();
  std::string tried;
  int error = 0;
  for (size_t i = 0; i < servers.size(); ++i) {
    // What time is left is shared evenly, so that a silent address leaves some for the next.
    const int64_t now_ms = real_sys().monotonic_ms();
    const int64_t left_ms = begin_ms + int64_t{step_s} * 1000 - now_ms;
    const int64_t until_ms = now_ms + left_ms / static_cast<int64_t>(servers.size() - i);
    Route route;
    const int failed = try_one(servers[i], until_ms, route);
    if (failed == 0) return route;
    tried += (tried.empty() ? "" : ", ") + servers[i].text() + ": " + strerror(failed);
    // What may pass counts, whatever the other addresses say: those of a family that this machine
    // has no route for come last.
    if (!is_transient(error)) error = failed;
  }
  Error why =
      fail(error == ETIMEDOUT ? Kind::timeout : Kind::io, "no connection to %s", tried.c_str())
          .error();
  why.sys_errno = error;
  return std::unexpected(why);
}

Result<Route> resolve_and_connect(const std::string& host, uint16_t port, uint32_t step_s,
                                  Observer& observer) {
  if (!IpAddress::parse(host))
    observer.waiting_for(text("the name %s", host.c_str()).c_str(), kResolverSeconds);
  const auto servers = TRY(resolve(host, port));
  observer.waiting_for(text("%s to answer on port %u", host.c_str(), port).c_str(), step_s);
  return connect_to_first(servers, step_s);
}

bool is_transient(const Error& error) { return is_transient(error.sys_errno); }

}  // namespace kdump
