// Gives an interface its addresses, routes and name servers, by the method of one ip=. What it
// has already stays: set up by an earlier target's job, by the kernel, or before us. Which
// interface, and whether the server is behind it, is capture_network.cc's.
#pragma once

#include "filter/base/observer.h"
#include "net/dhcp/lease.h"
#include "net/link/addresses.h"
#include "net/link/devices.h"

namespace kdump {

class InterfaceSetup {
 public:
  // Create it before links are set up: what routers advertise is only heard from then on.
  InterfaceSetup(Netlink& netlink, Devices& devices, const NetworkSettings& settings,
                 uint32_t step_s, Observer& observer);

  // metric: of the default routes, so that those of two interfaces can be there; 0 comes first.
  // Fails: timeout, where no carrier, lease or advertisement came; else with the kernel's word.
  Result<> configure(const Link& link, const IpRequest& request, uint32_t metric);
  // Whether the interface has an address other than link-local ones.
  Result<bool> is_configured(const Link& link);
  // The name servers that routers on this link have advertised so far.
  Result<> learn_from_routers(const Link& link);
  // Takes away what a lease has given to the other interfaces: their default routes would go
  // before this one's.
  void forget_leases_but_of(const Link& link);

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
  int64_t wait_until_learnt(const char* what, const Link& link);
  Result<bool> has(const Link& link, uint16_t family, bool global,
                   const IpAddress* which = nullptr);
  void note(const Result<>& done);

  Netlink& netlink_;
  Devices& devices_;
  const NetworkSettings& settings_;
  uint32_t step_s_;
  Observer& observer_;
  Result<Netlink> router_news_;
  std::vector<IpAddress> nameservers_;  // of leases and routers, so far
  std::vector<std::string> search_;
};

}  // namespace kdump
