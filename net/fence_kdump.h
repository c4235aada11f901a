// Sends fence_kdump messages: UDP datagrams to the other nodes of a cluster that report this
// machine to be in its capture kernel, so that they do not cut its power. Mirrors fence-agents'
// agents/kdump: eight bytes, a magic and a version, in the sender's byte order. init/pid1/fence.h
// schedules them.
#pragma once

#include <vector>

#include "net/base/ip_address.h"

namespace kdump {

// Sends one message to each node without waiting. Returns the number sent; if 0, `error` is the
// errno of one of them.
size_t send_fence_kdump(const std::vector<IpAddress>& nodes, uint16_t port, int& error);

}  // namespace kdump
