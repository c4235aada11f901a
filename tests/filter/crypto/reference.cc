#include "tests/filter/crypto/reference.h"

#include <doctest/doctest.h>

#include "filter/crypto/aes_gcm.h"
#include "filter/crypto/chacha20_poly1305.h"
#include "filter/crypto/sha256.h"
#include "tests/filter/crypto/limited_cpu.h"

#ifdef KDUMP_INIT_OPENSSL
#include <openssl/evp.h>
#endif

namespace kdump {

Buffer noise(size_t size, uint64_t seed) {
  Buffer made(size);
  uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (uint8_t& byte : made) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<uint8_t>(state >> 24);
  }
  return made;
}

#ifdef KDUMP_INIT_OPENSSL

namespace {

Buffer seal(const EVP_CIPHER* cipher, Bytes key, Bytes nonce, Bytes authenticated, Bytes data) {
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Buffer made(data.size() + 16);
  int size = 0;
  REQUIRE(EVP_EncryptInit_ex(context, cipher, nullptr, key.data(), nonce.data()) == 1);
  EVP_EncryptUpdate(context, nullptr, &size, authenticated.data(),
                    static_cast<int>(authenticated.size()));
  EVP_EncryptUpdate(context, made.data(), &size, data.data(), static_cast<int>(data.size()));
  REQUIRE(EVP_EncryptFinal_ex(context, made.data() + size, &size) == 1);
  REQUIRE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &made[data.size()]) == 1);
  EVP_CIPHER_CTX_free(context);
  return made;
}

// OpenSSL takes the block's number, little-endian, ahead of the nonce.
Buffer chacha20(Bytes key, uint32_t sequence, uint8_t counter, Bytes data) {
  const uint8_t number[16] = {counter,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              static_cast<uint8_t>(sequence >> 24),
                              static_cast<uint8_t>(sequence >> 16),
                              static_cast<uint8_t>(sequence >> 8),
                              static_cast<uint8_t>(sequence)};
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Buffer made(data.size());
  int size = 0;
  REQUIRE(EVP_EncryptInit_ex(context, EVP_chacha20(), nullptr, key.data(), number) == 1);
  EVP_EncryptUpdate(context, made.data(), &size, data.data(), static_cast<int>(data.size()));
  EVP_CIPHER_CTX_free(context);
  return made;
}

}  // namespace

Buffer reference_aes_gcm(Bytes key, Bytes nonce, Bytes authenticated, Bytes data) {
  return seal(key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), key, nonce, authenticated,
              data);
}

Buffer reference_chacha20_poly1305(Bytes key, Bytes nonce, Bytes authenticated, Bytes data) {
  return seal(EVP_chacha20_poly1305(), key, nonce, authenticated, data);
}

Buffer reference_ssh_chacha20_poly1305(Bytes key, uint32_t sequence, Bytes packet) {
  const Buffer once = chacha20(key.first(32), sequence, 0, Buffer(32));
  Buffer made = chacha20(key.last(32), sequence, 0, packet.first(4));
  const Buffer data = chacha20(key.first(32), sequence, 1, packet.subspan(4));
  made.insert(made.end(), data.begin(), data.end());
  uint8_t tag[16];
  size_t size = 0;
  REQUIRE(EVP_Q_mac(nullptr, "POLY1305", nullptr, nullptr, nullptr, once.data(), once.size(),
                    made.data(), made.size(), tag, sizeof tag, &size));
  made.insert(made.end(), tag, tag + sizeof tag);
  return made;
}

std::string reference_sha256(Bytes data) {
  uint8_t digest[32];
  REQUIRE(EVP_Digest(data.data(), data.size(), digest, nullptr, EVP_sha256(), nullptr) == 1);
  std::string text;
  for (const uint8_t byte : digest)
    for (const unsigned digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  return text;
}

#else

namespace {

// data: also what the tag is written behind.
template <class Cipher>
Buffer seal(const Cipher& cipher, Bytes nonce, Bytes authenticated, Bytes data) {
  Buffer made(data.begin(), data.end());
  made.resize(data.size() + 16);
  cipher.seal(std::span<const uint8_t, 12>(nonce.data(), 12), authenticated,
              MutableBytes(made).first(data.size()),
              std::span<uint8_t, 16>(&made[data.size()], 16));
  return made;
}

}  // namespace

Buffer reference_aes_gcm(Bytes key, Bytes nonce, Bytes authenticated, Bytes data) {
  Buffer made;
  on_portable_cpu([&] { made = seal(AesGcm(key), nonce, authenticated, data); });
  return made;
}

Buffer reference_chacha20_poly1305(Bytes key, Bytes nonce, Bytes authenticated, Bytes data) {
  Buffer made;
  on_portable_cpu([&] {
    made = seal(ChaCha20Poly1305(std::span<const uint8_t, 32>(key.data(), 32)), nonce,
                authenticated, data);
  });
  return made;
}

Buffer reference_ssh_chacha20_poly1305(Bytes key, uint32_t sequence, Bytes packet) {
  Buffer made(packet.begin(), packet.end());
  made.resize(packet.size() + 16);
  on_portable_cpu([&] {
    SshChaCha20Poly1305(std::span<const uint8_t, 64>(key.data(), 64))
        .seal(sequence, MutableBytes(made).first(packet.size()),
              std::span<uint8_t, 16>(&made[packet.size()], 16));
  });
  return made;
}

std::string reference_sha256(Bytes data) {
  std::string made;
  on_portable_cpu([&] { made = sha256_of(data); });
  return made;
}

#endif

}  // namespace kdump
