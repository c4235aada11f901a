// The refusal of a server with which no algorithm is shared: what it offers, what is usable here,
// and what to change. Reads the server's SSH_MSG_KEXINIT (RFC 4253, section 7.1).
#pragma once

#include <string>

#include "filter/base/bytes.h"

namespace kdump {

// What was offered to the server, in SSH's comma-separated form.
struct OfferedMethods {
  std::string key_exchanges, host_keys, ciphers, macs;
};

// scan: the ssh-keyscan line that adds the server's keys to known_hosts.
std::unexpected<Error> no_common_method(const std::string& host, Bytes kexinit,
                                        const OfferedMethods& ours, const std::string& scan);

}  // namespace kdump
