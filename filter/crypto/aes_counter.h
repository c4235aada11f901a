// AES in counter mode (NIST SP 800-38A) as a stream, in place, by the code of aes_gcm.h. For SSH's
// packets, which a MAC authenticates (RFC 4344).
#pragma once

#include "filter/crypto/aes_code.h"

namespace kdump {

class AesCounter {
 public:
  static constexpr size_t kBlockBytes = 16;

  // key: 16 or 32 bytes. first: the first block to be encrypted, a big-endian number of 128 bits.
  AesCounter(Bytes key, std::span<const uint8_t, kBlockBytes> first);
  ~AesCounter();  // wipes the key
  AesCounter(const AesCounter&) = delete;
  AesCounter& operator=(const AesCounter&) = delete;

  // XORs the next bytes of the key stream into data: encrypts or decrypts.
  void crypt(MutableBytes data);

 private:
  void refill();

  const AesCode& code_;
  AesKey key_;
  std::array<uint64_t, 2> next_;  // the number of the next block, its upper half first
  std::array<uint8_t, 16 * kBlockBytes> stream_;
  size_t used_ = sizeof stream_;
};

}  // namespace kdump
