#include "filter/crypto/chacha20_poly1305.h"

#include <mbedtls/platform_util.h>
#include <primitives.h>

#include <algorithm>

#include "filter/crypto/chacha20.h"

extern "C" {
#include <mbedtls/constant_time.h>  // does not say so itself
}

namespace kdump {
namespace {

using Tag = std::array<uint8_t, 16>;

constexpr uint32_t kFirstCounter = 1;  // block 0 of the key stream is Poly1305's key

// Poly1305 with the key that belongs to a nonce.
class Authenticator {
 public:
  Authenticator(const uint8_t* key, const uint8_t* nonce) {
    std::array<uint8_t, 32> once{};
    chacha20_xor(key, nonce, 0, once);
    poly1305_begin(&state_, once.data());
    mbedtls_platform_zeroize(once.data(), once.size());
  }

  void add(Bytes data) { poly1305_add(&state_, data.data(), data.size()); }

  void add_padded(Bytes data) {
    constexpr std::array<uint8_t, 15> kZeros{};
    add(data);
    add(Bytes(kZeros).first(-data.size() % 16));
  }

  Tag finish() {
    Tag tag;
    poly1305_end(&state_, tag.data());
    return tag;
  }

  bool finishes_with(std::span<const uint8_t, 16> tag) {
    return mbedtls_ct_memcmp(finish().data(), tag.data(), tag.size()) == 0;
  }

 private:
  poly1305 state_;
};

// What a tag of RFC 8439 covers.
Authenticator authenticate(const uint8_t* key, const uint8_t* nonce, Bytes authenticated,
                           Bytes data) {
  const std::array<uint64_t, 2> sizes = {authenticated.size(), data.size()};
  Authenticator sum(key, nonce);
  sum.add_padded(authenticated);
  sum.add_padded(data);
  sum.add(bytes_of(sizes));
  return sum;
}

// A packet's number, big-endian, in the last eight bytes.
std::array<uint8_t, 12> ssh_nonce(uint32_t sequence) {
  std::array<uint8_t, 12> nonce{};
  const uint32_t sequence_be = __builtin_bswap32(sequence);
  memcpy(&nonce[8], &sequence_be, sizeof sequence_be);
  return nonce;
}

}  // namespace

ChaCha20Poly1305::ChaCha20Poly1305(std::span<const uint8_t, kKeyBytes> key) {
  std::ranges::copy(key, key_.begin());
}

ChaCha20Poly1305::~ChaCha20Poly1305() { mbedtls_platform_zeroize(key_.data(), key_.size()); }

void ChaCha20Poly1305::seal(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated,
                            MutableBytes data, std::span<uint8_t, kTagBytes> tag) const {
  chacha20_xor(key_.data(), nonce.data(), kFirstCounter, data);
  const Tag made = authenticate(key_.data(), nonce.data(), authenticated, data).finish();
  std::ranges::copy(made, tag.begin());
}

bool ChaCha20Poly1305::open(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated,
                            MutableBytes data, std::span<const uint8_t, kTagBytes> tag) const {
  if (!authenticate(key_.data(), nonce.data(), authenticated, data).finishes_with(tag))
    return false;
  chacha20_xor(key_.data(), nonce.data(), kFirstCounter, data);
  return true;
}

SshChaCha20Poly1305::SshChaCha20Poly1305(std::span<const uint8_t, kKeyBytes> key) {
  std::ranges::copy(key, key_.begin());
}

SshChaCha20Poly1305::~SshChaCha20Poly1305() { mbedtls_platform_zeroize(key_.data(), key_.size()); }

uint32_t SshChaCha20Poly1305::length(uint32_t sequence,
                                     std::span<const uint8_t, kLengthBytes> field) const {
  std::array<uint8_t, kLengthBytes> length_be;
  std::ranges::copy(field, length_be.begin());
  chacha20_xor(&key_[32], ssh_nonce(sequence).data(), 0, length_be);
  return __builtin_bswap32(load<uint32_t>(length_be.data()));
}

void SshChaCha20Poly1305::crypt(const uint8_t* nonce, MutableBytes packet) const {
  chacha20_xor(&key_[32], nonce, 0, packet.first(kLengthBytes));
  chacha20_xor(key_.data(), nonce, kFirstCounter, packet.subspan(kLengthBytes));
}

void SshChaCha20Poly1305::seal(uint32_t sequence, MutableBytes packet,
                               std::span<uint8_t, kTagBytes> tag) const {
  const auto nonce = ssh_nonce(sequence);
  crypt(nonce.data(), packet);
  Authenticator sum(key_.data(), nonce.data());
  sum.add(packet);
  std::ranges::copy(sum.finish(), tag.begin());
}

bool SshChaCha20Poly1305::open(uint32_t sequence, MutableBytes packet,
                               std::span<const uint8_t, kTagBytes> tag) const {
  const auto nonce = ssh_nonce(sequence);
  Authenticator sum(key_.data(), nonce.data());
  sum.add(packet);
  if (!sum.finishes_with(tag)) return false;
  crypt(nonce.data(), packet);
  return true;
}

}  // namespace kdump
