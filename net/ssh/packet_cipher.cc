// SSH's ciphers for libssh2, which declares these functions itself
// (toolchain/patches/libssh2-packet-ciphers.patch): those that encrypt and authenticate a whole
// packet, which lies in one piece, the length field of four bytes, `length` bytes, the tag; and AES
// in counter mode, whose packets a MAC authenticates.
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "filter/crypto/aes_counter.h"
#include "filter/crypto/aes_gcm.h"
#include "filter/crypto/chacha20_poly1305.h"

using namespace kdump;

// libssh2's name for an object that only this file knows.
struct packet_cipher {
  virtual ~packet_cipher() = default;

  virtual uint32_t length(uint32_t sequence, std::span<const uint8_t, 4> field) const = 0;
  // packet: with the length field, without the tag.
  virtual void seal(uint32_t sequence, MutableBytes packet, std::span<uint8_t, 16> tag) = 0;
  virtual bool open(uint32_t sequence, MutableBytes packet, std::span<const uint8_t, 16> tag) = 0;
};

struct counter_cipher : AesCounter {
  using AesCounter::AesCounter;
};

namespace {

constexpr size_t kFieldBytes = 4;

// aes128-gcm@openssh.com and aes256-gcm@openssh.com: RFC 5647, whose length field is not encrypted.
class GcmPackets : public packet_cipher {
 public:
  GcmPackets(Bytes key, const uint8_t* nonce) : gcm_(key) { memcpy(nonce_, nonce, sizeof nonce_); }

  uint32_t length(uint32_t, std::span<const uint8_t, 4> field) const override {
    return __builtin_bswap32(load<uint32_t>(field.data()));
  }
  void seal(uint32_t, MutableBytes packet, std::span<uint8_t, 16> tag) override {
    gcm_.seal(nonce_, packet.first(kFieldBytes), packet.subspan(kFieldBytes), tag);
    count();
  }
  bool open(uint32_t, MutableBytes packet, std::span<const uint8_t, 16> tag) override {
    const bool right =
        gcm_.open(nonce_, packet.first(kFieldBytes), packet.subspan(kFieldBytes), tag);
    count();
    return right;
  }

 private:
  // The nonce's last 64 bits, big-endian, count the packets.
  void count() {
    const uint64_t next_be = __builtin_bswap64(__builtin_bswap64(load<uint64_t>(nonce_ + 4)) + 1);
    memcpy(nonce_ + 4, &next_be, sizeof next_be);
  }

  AesGcm gcm_;
  uint8_t nonce_[AesGcm::kNonceBytes];
};

class ChaChaPackets : public packet_cipher {
 public:
  explicit ChaChaPackets(std::span<const uint8_t, 64> key) : chacha_(key) {}

  uint32_t length(uint32_t sequence, std::span<const uint8_t, 4> field) const override {
    return chacha_.length(sequence, field);
  }
  void seal(uint32_t sequence, MutableBytes packet, std::span<uint8_t, 16> tag) override {
    chacha_.seal(sequence, packet, tag);
  }
  bool open(uint32_t sequence, MutableBytes packet, std::span<const uint8_t, 16> tag) override {
    return chacha_.open(sequence, packet, tag);
  }

 private:
  SshChaCha20Poly1305 chacha_;
};

}  // namespace

extern "C" {

packet_cipher* packet_cipher_new(const char* method, const uint8_t* secret, const uint8_t* iv) {
  const std::string_view name = method;
  if (name == "aes128-gcm@openssh.com") return new (std::nothrow) GcmPackets({secret, 16}, iv);
  if (name == "aes256-gcm@openssh.com") return new (std::nothrow) GcmPackets({secret, 32}, iv);
  return new (std::nothrow) ChaChaPackets(std::span<const uint8_t, 64>(secret, 64));
}

unsigned packet_cipher_length(const packet_cipher* cipher, unsigned sequence,
                              const uint8_t* field) {
  return cipher->length(sequence, std::span<const uint8_t, 4>(field, 4));
}

void packet_cipher_encrypt(packet_cipher* cipher, unsigned sequence, uint8_t* packet,
                           size_t length) {
  const MutableBytes data(packet, kFieldBytes + length);
  cipher->seal(sequence, data, std::span<uint8_t, 16>(packet + data.size(), 16));
}

int packet_cipher_decrypt(packet_cipher* cipher, unsigned sequence, uint8_t* packet,
                          size_t length) {
  const MutableBytes data(packet, kFieldBytes + length);
  return cipher->open(sequence, data, std::span<const uint8_t, 16>(packet + data.size(), 16)) ? 0
                                                                                              : -1;
}

void packet_cipher_free(packet_cipher* cipher) { delete cipher; }

counter_cipher* counter_cipher_new(const uint8_t* secret, size_t secret_size, const uint8_t* iv) {
  return new (std::nothrow)
      counter_cipher({secret, secret_size}, std::span<const uint8_t, 16>(iv, 16));
}

void counter_cipher_crypt(counter_cipher* cipher, uint8_t* data, size_t size) {
  cipher->crypt({data, size});
}

void counter_cipher_free(counter_cipher* cipher) { delete cipher; }
}
