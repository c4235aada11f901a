// Names and first connections: from a host to the one of its addresses that answers.
#pragma once

#include <string>
#include <vector>

#include "net/network.h"

namespace kdump {

// The host's addresses in the order in which they should be tried. A numeric host needs no
// resolver. Waits as long as the resolver does, which resolv.conf bounds. Fails: with errno EAGAIN
// where no name server has answered, so that asking again may help.
Result<std::vector<SocketAddress>> resolve(const std::string& host, uint16_t port);

// The first of the addresses that takes a TCP connection, which is closed at once. All of them
// together get step_s seconds. Fails: with each address and its errno in the text.
Result<Route> first_that_answers(const std::vector<SocketAddress>& servers, uint32_t step_s);

// Both, with the network as it is; the observer learns of each wait.
Result<Route> resolve_and_connect(const std::string& host, uint16_t port, uint32_t step_s,
                                  Observer& observer);

// Whether a failure of these is one that a link shows while it is coming up.
bool may_pass(const Error& error);

}  // namespace kdump
