// The error for a server without a common algorithm: its offer, the supported algorithms, and what
// to change. Reads the server's SSH_MSG_KEXINIT (RFC 4253, section 7.1).
#pragma once

#include <string>

#include "filter/base/bytes.h"

namespace kdump {

// The algorithms offered to the server, comma-separated.
struct OfferedMethods {
  std::string key_exchanges, host_keys, ciphers, macs;
  std::string supported_host_keys;  // also those of which no key is known
};

// kexinit: the server's message; hostile. scan: the ssh-keyscan line for the message.
std::unexpected<Error> no_common_method(const std::string& host, Bytes kexinit,
                                        const OfferedMethods& ours, const std::string& scan);

}  // namespace kdump
