// The network of the capture kernel, which no other program brings up: from the settings of the
// command line to a way to the server. Every target's job has it anew; what an earlier one set
// up is still in the kernel, is found there, and left as it is.
#pragma once

#include <memory>

#include "net/cmdline/network_settings.h"
#include "net/network.h"

namespace kdump {

class CaptureNetwork : public Network {
 public:
  // The same without a server to reach (rd.neednet=1): where it says "until the server answers",
  // until an interface has an address.
  virtual Result<> bring_up(uint32_t step_s, Observer& observer) = 0;
};

// What reach() does, in this order:
//  1. ifname=, bond=, vlan=, bridge=, then each ip= that names an interface. One that fails is
//     noted; an interface that is not there has its ip= tried on the others, as in 3.
//  2. If any interface has an address: rd.route=, then the server.
//  3. Otherwise, or if that failed, and no ip= names its interface: the ip= without one, or DHCP,
//     on each interface that has a carrier, first come first tried, until the server answers.
std::unique_ptr<CaptureNetwork> capture_network(NetworkSettings settings);

}  // namespace kdump
