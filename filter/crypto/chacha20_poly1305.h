// ChaCha20-Poly1305 in place, as RFC 8439 has it for TLS and sealed dumps, and as OpenSSH has it
// for packets.
#pragma once

#include <array>

#include "filter/base/bytes.h"

namespace kdump {

class ChaCha20Poly1305 {
 public:
  static constexpr size_t kKeyBytes = 32, kNonceBytes = 12, kTagBytes = 16;

  explicit ChaCha20Poly1305(std::span<const uint8_t, kKeyBytes> key);
  ~ChaCha20Poly1305();  // wipes the key
  ChaCha20Poly1305(const ChaCha20Poly1305&) = delete;
  ChaCha20Poly1305& operator=(const ChaCha20Poly1305&) = delete;

  // Encrypts data, and writes the tag over it and `authenticated`, which stays as it is. A nonce
  // serves once. data: less than 256 GiB.
  void seal(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated, MutableBytes data,
            std::span<uint8_t, kTagBytes> tag) const;
  // Decrypts data if the tag is right; otherwise returns false and leaves data as it is.
  [[nodiscard]] bool open(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated,
                          MutableBytes data, std::span<const uint8_t, kTagBytes> tag) const;

 private:
  std::array<uint8_t, kKeyBytes> key_;
};

// chacha20-poly1305@openssh.com (OpenSSH's PROTOCOL.chacha20poly1305): the length of a packet is
// encrypted with a second key, and the tag is over nothing but the encrypted packet.
class SshChaCha20Poly1305 {
 public:
  static constexpr size_t kKeyBytes = 64, kLengthBytes = 4, kTagBytes = 16;

  explicit SshChaCha20Poly1305(std::span<const uint8_t, kKeyBytes> key);
  ~SshChaCha20Poly1305();  // wipes the key
  SshChaCha20Poly1305(const SshChaCha20Poly1305&) = delete;
  SshChaCha20Poly1305& operator=(const SshChaCha20Poly1305&) = delete;

  // Of the packet whose first four bytes, encrypted, are `field`. Not authenticated.
  uint32_t length(uint32_t sequence, std::span<const uint8_t, kLengthBytes> field) const;
  // packet: the length field and what follows it, without the tag.
  void seal(uint32_t sequence, MutableBytes packet, std::span<uint8_t, kTagBytes> tag) const;
  // Decrypts the packet if the tag is right; otherwise returns false and leaves it as it is.
  [[nodiscard]] bool open(uint32_t sequence, MutableBytes packet,
                          std::span<const uint8_t, kTagBytes> tag) const;

 private:
  void crypt(const uint8_t* nonce, MutableBytes packet) const;

  std::array<uint8_t, kKeyBytes> key_;  // of the packet, then of its length
};

}  // namespace kdump
