// Resolves a host name and finds an address that accepts a TCP connection.
#pragma once

#include <string>
#include <vector>

#include "net/network.h"

namespace kdump {

// Returns the addresses of a host in the order to try. A numeric host needs no resolver. The
// timeout in resolv.conf bounds the wait (kResolverSeconds). Fails: io; with errno EAGAIN if no
// name server answered, so that a retry may help.
Result<std::vector<SocketAddress>> resolve(const std::string& host, uint16_t port);

// Connects to the addresses in turn, and returns the route to the first that accepts; closes that
// connection. step_s: seconds for all of them together. Fails: io, with each address and its errno
// in the text.
Result<Route> connect_to_first(const std::vector<SocketAddress>& servers, uint32_t step_s);

// Resolves and connects; reports each wait to the observer.
Result<Route> resolve_and_connect(const std::string& host, uint16_t port, uint32_t step_s,
                                  Observer& observer);

// Returns true for an error that a link causes while it comes up, so that a retry may help.
bool is_transient(const Error& error);

}  // namespace kdump
