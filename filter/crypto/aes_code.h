// The two halves of AES-GCM that depend on the CPU: AES in counter mode, and GHASH. Knows no mode:
// aes_gcm.cc puts them together.
#pragma once

#include <array>

#include "filter/base/bytes.h"

namespace kdump {

// Meant for the code that expanded it only.
struct AesKey {
  alignas(16) std::array<uint64_t, 30> rounds;  // 11 or 15 round keys, or their bits in slices
  alignas(16) std::array<uint64_t, 16> powers;  // of GHASH's key: eight, or the key alone
  unsigned round_count;
};

struct AesCode {
  // key: 16 or 32 bytes.
  void (*expand)(AesKey& into, Bytes key);
  // XORs the key stream of counter mode into data, from the block `counter` on.
  void (*count)(const AesKey& key, const uint8_t* nonce, uint32_t counter, MutableBytes data);
  // Continues GHASH in sum with data, padded with zeros to whole blocks of 16 bytes.
  void (*hash)(const AesKey& key, uint8_t* sum, Bytes data);
};

extern const AesCode kAesByInstructions;  // x86_64, arm64: needs CpuFeatures::aes
extern const AesCode kAesPortable;        // constant time, a fortieth of the speed

}  // namespace kdump
