// ChaCha20's key stream (RFC 8439) in the compiler's vector types, one source for every CPU: eight
// blocks at a time by AVX2 where the CPU has it, else four, by SSE2 or NEON.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// XORs the key stream, from the 64-byte block `counter` on, into data: less than 256 GiB. In
// constant time. key: 32 bytes; nonce: 12.
void chacha20_xor(const uint8_t* key, const uint8_t* nonce, uint32_t counter, MutableBytes data);

}  // namespace kdump
