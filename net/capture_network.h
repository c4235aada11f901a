// Brings up the capture kernel's network according to the command line and finds a route to a
// server. Each target's job makes its own object; settings that an earlier job made are found in
// the kernel and kept.
#pragma once

#include <memory>

#include "net/cmdline/network_settings.h"
#include "net/network.h"

namespace kdump {

class CaptureNetwork : public Network {
 public:
  // Brings the network up without a server (rd.neednet=1): as reach(), until an interface has an
  // address. step_s: seconds for each wait.
  virtual Result<> bring_up(uint32_t step_s, Observer& observer) = 0;
};

// reach() proceeds in this order:
//  1. Apply ifname=, bond=, vlan=, bridge=, then each ip= with an interface. Failures are noted.
//  The
//     ip= of a missing interface is tried on the others in step 3.
//  2. If an interface has an address: apply rd.route=, connect to the server.
//  3. If there is none or the connection failed, and no ip= names its interface: apply the ip=
//     without interface, or DHCP, to each interface with a carrier in order of appearance, until
//     the server answers.
std::unique_ptr<CaptureNetwork> capture_network(NetworkSettings settings);

}  // namespace kdump
