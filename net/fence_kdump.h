// fence_kdump's message: "this machine is in its capture kernel", in UDP, to the other nodes of a
// cluster, which then need not cut its power. Mirrors fence-agents' agents/kdump: eight bytes, a
// magic and a version, in the sender's byte order. init/pid1/fence.h decides when and how long it
// is sent.
#pragma once

#include <vector>

#include "net/base/ip_address.h"

namespace kdump {

// Sends it once to each node, without waiting for anything. Returns how many it was handed to the
// network for; 0: `error` has an errno of one of them.
size_t send_fence_kdump(const std::vector<IpAddress>& nodes, uint16_t port, int& error);

}  // namespace kdump
