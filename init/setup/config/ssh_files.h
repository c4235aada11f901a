// The files of SSH that a target needs: the key it logs in with and what is known of its server.
// Checks them as the capture will use them, while a person can still mend them.
#pragma once

#include "init/setup/config/machine.h"
#include "targets/url/server_url.h"

namespace kdump {

// The file that knows the server: root's, or the machine's; root's where none does.
std::string known_hosts_of(const Machine& machine, const std::string& host, uint16_t port);

// Checks key= and known_hosts= of an ssh:// URL. Files that are missing, or that this user may not
// read, are left to the packer. Other URLs pass.
// Fails: refused, with what makes them usable.
Result<> check_ssh_files(const Machine& machine, const std::string& url);

// Returns the lines of a known_hosts file that are of the URL's server and of its bastion. The
// file's name is for messages only. Fails: refused, where a server has no key or authority there
// that is usable and not revoked.
Result<std::string> lines_of(const SshUrl& url, const std::string& known_hosts);

}  // namespace kdump
