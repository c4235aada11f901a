#include "net/dhcp/dhcp.h"

#include <n-dhcp4.h>
#include <net/if_arp.h>
#include <poll.h>

#include <cerrno>

#include "filter/base/sys.h"

namespace kdump {
namespace {

// Options of RFC 2132, 3397 and 3442.
constexpr uint8_t kSubnetMask = 1, kRouters = 3, kNameservers = 6, kHostname = 12, kDomain = 15,
                  kMtu = 26, kDomainSearch = 119, kClasslessRoutes = 121;
constexpr uint8_t kRequested[] = {kSubnetMask, kRouters,      kNameservers,    kDomain,
                                  kMtu,        kDomainSearch, kClasslessRoutes};
constexpr uint8_t kBroadcastMac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;

struct ConfigTraits {
  using Handle = NDhcp4ClientConfig*;
  static constexpr Handle kNone = nullptr;
  static void release(Handle config) { n_dhcp4_client_config_free(config); }
};
struct ProbeConfigTraits {
  using Handle = NDhcp4ClientProbeConfig*;
  static constexpr Handle kNone = nullptr;
  static void release(Handle config) { n_dhcp4_client_probe_config_free(config); }
};
struct ClientTraits {
  using Handle = NDhcp4Client*;
  static constexpr Handle kNone = nullptr;
  static void release(Handle client) { n_dhcp4_client_unref(client); }
};
struct ProbeTraits {
  using Handle = NDhcp4ClientProbe*;
  static constexpr Handle kNone = nullptr;
  static void release(Handle probe) { n_dhcp4_client_probe_free(probe); }
};

// The library's codes: 0, a negative errno, or a positive library code.
Result<> check(int code, const char* what) {
  if (code == 0) return {};
  if (code < 0) return fail_errno(-code, "DHCP: %s", what);
  return fail(Kind::io, "DHCP: %s: n-dhcp4's error %d", what, code);
}

Result<Owned<ClientTraits>> make_client(const Link& link) {
  NDhcp4ClientConfig* raw = nullptr;
  TRY(check(n_dhcp4_client_config_new(&raw), "configuration"));
  const Owned<ConfigTraits> config(raw);
  const auto& mac = link.mac->octets;
  // RFC 2132: the hardware's type and address, which is what servers know machines by.
  const uint8_t client_id[] = {ARPHRD_ETHER, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]};
  n_dhcp4_client_config_set_ifindex(config.get(), static_cast<int>(link.index));
  n_dhcp4_client_config_set_transport(config.get(), N_DHCP4_TRANSPORT_ETHERNET);
  n_dhcp4_client_config_set_mac(config.get(), mac.data(), mac.size());
  n_dhcp4_client_config_set_broadcast_mac(config.get(), kBroadcastMac, sizeof kBroadcastMac);
  TRY(check(n_dhcp4_client_config_set_client_id(config.get(), client_id, sizeof client_id),
            "client identifier"));
  NDhcp4Client* client = nullptr;
  TRY(check(n_dhcp4_client_new(&client, config.get()), "client"));
  return Owned<ClientTraits>(client);
}

Result<Owned<ProbeTraits>> start_probe(NDhcp4Client* client, const std::string& hostname) {
  NDhcp4ClientProbeConfig* raw = nullptr;
  TRY(check(n_dhcp4_client_probe_config_new(&raw), "configuration"));
  const Owned<ProbeConfigTraits> config(raw);
  // RFC 2131's random delay keeps a building from asking at once after a power cut; a crash
  // has no time for it. (One millisecond: the library divides by it.)
  n_dhcp4_client_probe_config_set_start_delay(config.get(), 1);
  for (const uint8_t option : kRequested)
    n_dhcp4_client_probe_config_request_option(config.get(), option);
  if (is_domain_name(hostname))
    TRY(check(n_dhcp4_client_probe_config_append_option(config.get(), kHostname, hostname.data(),
                                                        static_cast<uint8_t>(hostname.size())),
              "host name"));
  NDhcp4ClientProbe* probe = nullptr;
  TRY(check(n_dhcp4_client_probe(client, &probe, config.get()), "start"));
  return Owned<ProbeTraits>(probe);
}

Bytes option_of(NDhcp4ClientLease* lease, uint8_t option) {
  uint8_t* data = nullptr;
  size_t size = 0;
  if (n_dhcp4_client_lease_query(lease, option, &data, &size) != 0) return {};
  return {data, size};
}

Result<Lease> lease_of(NDhcp4ClientLease* granted) {
  in_addr address{}, server{};
  n_dhcp4_client_lease_get_yiaddr(granted, &address);
  auto lease = TRY(parse_lease(*IpAddress::from(bytes_of(address.s_addr)),
                               {.subnet_mask = option_of(granted, kSubnetMask),
                                .routers = option_of(granted, kRouters),
                                .nameservers = option_of(granted, kNameservers),
                                .domain = option_of(granted, kDomain),
                                .mtu = option_of(granted, kMtu),
                                .domain_search = option_of(granted, kDomainSearch),
                                .classless_routes = option_of(granted, kClasslessRoutes)}));
  if (n_dhcp4_client_lease_get_server_identifier(granted, &server) == 0)
    lease.server = *IpAddress::from(bytes_of(server.s_addr));
  uint64_t basetime_ns = 0, end_ns = 0;
  n_dhcp4_client_lease_get_basetime(granted, &basetime_ns);
  n_dhcp4_client_lease_get_lifetime(granted, &end_ns);
  const uint64_t seconds =
      end_ns > basetime_ns ? (end_ns - basetime_ns) / kNanosecondsPerSecond : 0;
  lease.seconds = seconds < UINT32_MAX ? static_cast<uint32_t>(seconds) : UINT32_MAX;
  return lease;
}

// Hands out what has happened. True: a lease is granted, and in `lease`. progress: in words, what
// became of the question so far.
Result<bool> handle_events(NDhcp4Client* client, Result<Lease>& lease, const char*& progress) {
  for (;;) {
    NDhcp4ClientEvent* event = nullptr;
    TRY(check(n_dhcp4_client_pop_event(client, &event), "event"));
    if (!event) return false;
    switch (event->event) {
      case N_DHCP4_CLIENT_EVENT_OFFER:
        // The first offer is taken; one that came too late for that is none of interest.
        (void)n_dhcp4_client_lease_select(event->offer.lease);
        progress = "a DHCP server offered an address and did not grant it";
        break;
      case N_DHCP4_CLIENT_EVENT_RETRACTED:
        progress = "a DHCP server refused the address that it had offered";
        break;
      case N_DHCP4_CLIENT_EVENT_GRANTED:
        lease = lease_of(event->granted.lease);
        return true;
      case N_DHCP4_CLIENT_EVENT_DOWN:
        return fail(Kind::io, "DHCP: the interface disappeared");
      default:
        break;
    }
  }
}

}  // namespace

Result<Lease> ask_dhcp(const Link& link, const std::string& hostname, int64_t until_ms) {
  if (link.hardware != ARPHRD_ETHER || !link.mac)
    return fail(Kind::unsupported, "%s: DHCP needs an Ethernet address", link.name.c_str());
  const auto client = TRY(make_client(link));
  const auto probe = TRY(start_probe(client.get(), hostname));
  int fd = -1;
  n_dhcp4_client_get_fd(client.get(), &fd);
  const char* progress = "no DHCP server has answered";
  for (;;) {
    Result<Lease> lease;
    if (TRY(handle_events(client.get(), lease, progress))) return lease;
    const int64_t left_ms = until_ms - real_sys().monotonic_ms();
    if (left_ms <= 0) return fail(Kind::timeout, "%s: %s", link.name.c_str(), progress);
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(left_ms)) < 0 && errno != EINTR)
      return fail_errno(errno, "DHCP: wait");
    // The library comes back early where it has been busy for long.
    const int code = n_dhcp4_client_dispatch(client.get());
    if (code != N_DHCP4_E_PREEMPTED) TRY(check(code, "exchange"));
  }
}

}  // namespace kdump
