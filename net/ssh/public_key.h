// Verifies signatures by SSH's public keys: Ed25519, ECDSA on NIST's curves, RSA with SHA-2.
// libssh2 verifies those of the server it talks to; this is for certificates. Mirrors RFC 4253,
// 5656, 8332 and 8709.
#pragma once

#include <string_view>

#include "filter/base/result.h"

namespace kdump {

// key: as it goes over the wire, its type first. signature: the algorithm's name, then its bytes.
// Fails: refused, where the signature is not the key's over data; unsupported, where the key is of
// another type; corrupt.
Result<> verify_signature(std::string_view key, std::string_view signature, std::string_view data);

}  // namespace kdump
