// Configures addresses, routes and name servers of an interface by the method of one ip=. Existing
// settings, of an earlier target's job or of the kernel, are kept. capture_network.cc chooses the
// interface.
#pragma once

#include "filter/base/observer.h"
#include "net/dhcp/lease.h"
#include "net/link/addresses.h"
#include "net/link/devices.h"

namespace kdump {

class InterfaceSetup {
 public:
  // Create it before links are brought up: it receives router advertisements from then on.
  InterfaceSetup(Netlink& netlink, Devices& devices, const NetworkSettings& settings,
                 uint32_t step_s, Observer& observer);

  // metric: of the default routes; distinct metrics permit one for each interface, 0 is preferred.
  // Fails: timeout, without carrier, lease or advertisement; else with the kernel's error.
  Result<> configure(const Link& link, const IpRequest& request, uint32_t metric);
  // Returns true if the interface has an address that is not link-local.
  Result<bool> is_configured(const Link& link);
  // Adds the name servers that routers on this link have advertised so far to resolv.conf.
  Result<> read_router_advertisements(const Link& link);
  // Removes the addresses and routes of leases from the other interfaces, because their default
  // routes would take precedence.
  void drop_leases_except(const Link& link);

 private:
  Result<Link> bring_up(const Link& link, const IpRequest& request);
  Result<> set_fixed(const Link& link, const IpRequest& request, uint32_t metric);
  Result<> set_lease(const Link& link, const IpRequest& request, uint32_t metric);
  Result<> set_lease6(const Link& link);
  Result<> await_route6(const Link& link);
  Result<> apply(const Link& link, const Lease& lease, uint32_t metric);
  Result<> await_v6(const Link& link, bool global, const char* what);
  Result<> remember(const std::vector<IpAddress>& nameservers,
                    const std::vector<std::string>& search);
  int64_t wait_for(const char* what, const Link& link, uint32_t seconds);
  int64_t wait_for(const char* what, const Link& link);
  int64_t wait_for_stp(const char* what, const Link& link);
  Result<bool> has(const Link& link, uint16_t family, bool global,
                   const IpAddress* which = nullptr);
  void note(const Result<>& done);

  Netlink& netlink_;
  Devices& devices_;
  const NetworkSettings& settings_;
  uint32_t step_s_;
  Observer& observer_;
  Result<Netlink> router_advertisements_;
  std::vector<IpAddress> nameservers_;  // of leases and routers so far
  std::vector<std::string> search_;
};

}  // namespace kdump
