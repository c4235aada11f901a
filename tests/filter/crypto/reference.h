// What the primitives are compared with: OpenSSL's libcrypto on the host, the code for CPUs without
// instructions where that is not linked (the static tests).
#pragma once

#include <string>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump {

using Buffer = std::vector<uint8_t>;

// Bytes that are the same in every run.
Buffer noise(size_t size, uint64_t seed);

// Each returns the ciphertext and its tag in one piece.
Buffer reference_aes_gcm(Bytes key, Bytes nonce, Bytes authenticated, Bytes data);
Buffer reference_chacha20_poly1305(Bytes key, Bytes nonce, Bytes authenticated, Bytes data);
// packet: the length field and what follows it.
Buffer reference_ssh_chacha20_poly1305(Bytes key, uint32_t sequence, Bytes packet);
std::string reference_sha256(Bytes data);

}  // namespace kdump
