// AES-GCM (NIST SP 800-38D) with AES-128 and AES-256, nonces of 12 bytes and tags of 16, in place:
// by the CPU's instructions where it has them (aes_instructions.cc), else in constant time
// (aes_portable.cc). For SSH's packets, TLS's records and sealed dumps; knows none of them.
#pragma once

#include "filter/crypto/aes_code.h"

namespace kdump {

class AesGcm {
 public:
  static constexpr size_t kNonceBytes = 12, kTagBytes = 16;

  // key: 16 or 32 bytes.
  explicit AesGcm(Bytes key);
  ~AesGcm();  // wipes the key
  AesGcm(const AesGcm&) = delete;
  AesGcm& operator=(const AesGcm&) = delete;

  // Encrypts data, and writes the tag over it and `authenticated`, which stays as it is. A nonce
  // serves once. data: less than 64 GiB.
  void seal(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated, MutableBytes data,
            std::span<uint8_t, kTagBytes> tag) const;
  // Decrypts data if the tag is right; otherwise returns false and leaves data as it is.
  [[nodiscard]] bool open(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated,
                          MutableBytes data, std::span<const uint8_t, kTagBytes> tag) const;

 private:
  using Tag = std::array<uint8_t, kTagBytes>;

  // sum: GHASH of authenticated and data.
  Tag tag_of(Tag sum, const uint8_t* nonce, size_t authenticated_bytes, size_t data_bytes) const;

  const AesCode& code_;
  AesKey key_;
};

}  // namespace kdump
