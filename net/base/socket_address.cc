#include "net/base/socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include "filter/base/text.h"

namespace kdump {

std::string SocketAddress::host_text() const {
  char host[INET6_ADDRSTRLEN] = "?";
  if (!is_v6()) {
    inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return host;
  }
  inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
  if (v6.sin6_scope_id == 0) return host;
  char zone[IF_NAMESIZE];
  if (if_indextoname(v6.sin6_scope_id, zone)) return kdump::text("%s%%%s", host, zone);
  return kdump::text("%s%%%u", host, v6.sin6_scope_id);
}

std::string SocketAddress::text() const {
  if (is_v6()) return kdump::text("[%s]:%u", host_text().c_str(), ntohs(v6.sin6_port));
  return kdump::text("%s:%u", host_text().c_str(), ntohs(v4.sin_port));
}

}  // namespace kdump
