// Names and first connections: from a host to the one of its addresses that answers.
#pragma once

#include <string>
#include <vector>

#include "net/network.h"

namespace kdump {

// The host's addresses in the order in which they should be tried. A numeric host asks nobody.
// Waits as long as the resolver does: its own time-outs, a few seconds a server.
Result<std::vector<SocketAddress>> resolve(const std::string& host, uint16_t port);

// The first of the addresses that takes a TCP connection, which is closed at once. All of them
// together get step_s seconds. Fails: with each address and its errno in the text.
Result<Route> first_that_answers(const std::vector<SocketAddress>& servers, uint32_t step_s);

}  // namespace kdump
