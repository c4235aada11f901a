// The files of SSH that a target needs: the key it logs in with and what is known of its server.
// Checks them as the capture will use them, while a person can still mend them.
#pragma once

#include "init/setup/config/machine.h"

namespace kdump {

// The file that knows the server: root's, or the machine's; root's where none does.
std::string known_hosts_of(const Machine& machine, const std::string& host, uint16_t port);

// Checks key= and known_hosts= of an ssh:// URL. Files that are missing, or that this user may not
// read, are left to the packer. Other URLs pass.
// Fails: refused, with what makes them usable.
Result<> check_ssh_files(const Machine& machine, const std::string& url);

// The lines of a known_hosts file that are of the server. The file is named in messages only.
// Fails: refused, where no line has a key that is usable and not revoked.
Result<std::string> lines_of_server(const std::string& known_hosts, const std::string& file,
                                    const std::string& host, uint16_t port);

}  // namespace kdump
