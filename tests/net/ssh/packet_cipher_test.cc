// The packet ciphers as libssh2 calls them: what one side encrypts the other decrypts, packet after
// packet, and a changed packet is refused and stays as it is.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

struct packet_cipher;
extern "C" {
packet_cipher* packet_cipher_new(const char* method, const uint8_t* secret, const uint8_t* iv);
unsigned packet_cipher_length(const packet_cipher* cipher, unsigned sequence, const uint8_t* field);
void packet_cipher_encrypt(packet_cipher* cipher, unsigned sequence, uint8_t* packet,
                           size_t length);
int packet_cipher_decrypt(packet_cipher* cipher, unsigned sequence, uint8_t* packet, size_t length);
void packet_cipher_free(packet_cipher* cipher);
}

namespace {

constexpr const char* kMethods[] = {"aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
                                    "chacha20-poly1305@openssh.com"};

// The length field, the data and room for the tag.
std::vector<uint8_t> packet_of(size_t length) {
  std::vector<uint8_t> packet(4 + length + 16);
  packet[2] = static_cast<uint8_t>(length >> 8);
  packet[3] = static_cast<uint8_t>(length);
  for (size_t i = 4; i < 4 + length; ++i) packet[i] = static_cast<uint8_t>(i * 7);
  return packet;
}

struct Pair {
  explicit Pair(const char* method) {
    for (size_t i = 0; i < sizeof secret; ++i) secret[i] = static_cast<uint8_t>(i * 3);
    memset(iv, 0xff, sizeof iv);  // the count of packets begins with a carry
    sender = packet_cipher_new(method, secret, iv);
    receiver = packet_cipher_new(method, secret, iv);
  }
  ~Pair() {
    packet_cipher_free(sender);
    packet_cipher_free(receiver);
  }
  Pair(const Pair&) = delete;

  uint8_t secret[64], iv[12];
  packet_cipher *sender, *receiver;
};

}  // namespace

TEST_CASE("each packet cipher decrypts what it encrypted, packet after packet") {
  for (const char* const method : kMethods) {
    CAPTURE(std::string(method));
    const Pair pair(method);
    std::vector<uint8_t> last;
    for (unsigned sequence = 0; sequence < 600; ++sequence) {
      const size_t length = 16 * (1 + sequence % 70);
      const auto plain = packet_of(length);
      auto packet = plain;
      packet_cipher_encrypt(pair.sender, sequence, packet.data(), length);
      CHECK(memcmp(&packet[4], &plain[4], length) != 0);
      CHECK(packet_cipher_length(pair.receiver, sequence, packet.data()) == length);
      CHECK(packet_cipher_decrypt(pair.receiver, sequence, packet.data(), length) == 0);
      CHECK(memcmp(packet.data(), plain.data(), 4 + length) == 0);
    }
  }
}

TEST_CASE("a packet that was changed, or comes twice, is refused and not decrypted") {
  for (const char* const method : kMethods) {
    CAPTURE(std::string(method));
    constexpr size_t kLength = 96;
    for (size_t at = 0; at < 4 + kLength + 16; ++at) {
      const Pair pair(method);
      auto packet = packet_of(kLength);
      packet_cipher_encrypt(pair.sender, 7, packet.data(), kLength);
      packet[at] ^= 1;
      const auto before = packet;
      CHECK(packet_cipher_decrypt(pair.receiver, 7, packet.data(), kLength) != 0);
      CHECK(packet == before);
    }
    const Pair pair(method);
    auto packet = packet_of(kLength);
    packet_cipher_encrypt(pair.sender, 7, packet.data(), kLength);
    auto again = packet;
    CHECK(packet_cipher_decrypt(pair.receiver, 7, packet.data(), kLength) == 0);
    CHECK(packet_cipher_decrypt(pair.receiver, 8, again.data(), kLength) != 0);
  }
}
