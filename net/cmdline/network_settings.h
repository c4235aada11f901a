// What the kernel command line asks of the network: plain data, made by network_arguments.h and
// applied by capture_network.cc. Wherever a device is named, it is named by its interface name
// or by its MAC address (permanent, else current), as MacAddress::parse reads it.
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
    fixed,    // the address below; without one the interface is left alone
    dhcp4,    // the address below, if there is one, where no server answers
    dhcp6,    // DHCPv6; routes by advertisement
    auto6,    // an address from a router's advertisement
    either6,  // auto6, else dhcp6
    link6,    // the link-local address alone
  };
  Method method = Method::dhcp4;
  std::string device;  // empty: each in turn that has a carrier
  IpAddress address, peer, gateway;
  uint8_t prefix = 0;  // of the address, or of the peer where there is one
  std::string hostname;
  uint32_t mtu = 0;  // 0: as it is
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
  std::string device;  // empty: by which the gateway is reached
};

struct NetworkSettings {
  std::vector<IpRequest> addresses;
  std::vector<NameRequest> names;
  std::vector<VlanRequest> vlans;
  std::vector<BondRequest> bonds;
  std::vector<BridgeRequest> bridges;
  std::vector<RouteRequest> routes;
  std::vector<IpAddress> nameservers;
  std::string boot_device;         // its default route comes before the others'
  bool peer_dns = true;            // name servers of DHCP and routers count
  bool network_is_needed = false;  // rd.neednet: also without a target that needs it
};

}  // namespace kdump
