// The network settings of the kernel command line: plain data, parsed by network_arguments.h and
// applied by net/capture_network.h. A device is given by its interface name or its MAC address
// (permanent, else current), in a form of MacAddress::parse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/base/ip_address.h"
#include "net/base/mac_address.h"

namespace kdump {

// One ip=.
struct IpRequest {
  enum class Method : uint8_t {
    fixed,    // the address below; without one nothing but the MTU is set
    dhcp4,    // DHCP; if no server answers, the address below, if any
    dhcp6,    // DHCPv6; routes by advertisement
    auto6,    // an address by router advertisement (SLAAC)
    either6,  // auto6, else dhcp6
    link6,    // only the link-local address
  };
  Method method = Method::dhcp4;
  std::string device;  // empty: every interface with a carrier, in turn
  IpAddress address, peer, gateway;
  uint8_t prefix = 0;  // of the address; with a peer, of the peer
  std::string hostname;
  uint32_t mtu = 0;  // 0: unchanged
  std::optional<MacAddress> mac;
  std::vector<IpAddress> dns;
};

// ifname=
struct NameRequest {
  std::string name;
  MacAddress mac;
};

// vlan=
struct VlanRequest {
  std::string name;
  uint16_t id = 0;
  std::string parent;
  bool is_service = false;  // 802.1ad, a provider's tag
};

// bond=
struct BondOption {
  std::string name, value;
};
struct BondRequest {
  std::string name;
  std::vector<std::string> ports;
  std::vector<BondOption> options;
  uint32_t mtu = 0;
};

// bridge=
struct BridgeRequest {
  std::string name;
  std::vector<std::string> ports;
};

// rd.route=
struct RouteRequest {
  IpAddress network;
  uint8_t prefix = 0;
  IpAddress gateway;   // none: on the link
  std::string device;  // empty: the kernel chooses it by the gateway
};

struct NetworkSettings {
  std::vector<IpRequest> addresses;
  std::vector<NameRequest> names;
  std::vector<VlanRequest> vlans;
  std::vector<BondRequest> bonds;
  std::vector<BridgeRequest> bridges;
  std::vector<RouteRequest> routes;
  std::vector<IpAddress> nameservers;
  std::string boot_device;         // its default route has the lowest metric
  bool peer_dns = true;            // use name servers of DHCP and routers
  bool network_is_needed = false;  // rd.neednet: bring the network up for any target
};

}  // namespace kdump
