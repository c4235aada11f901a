// AES-GCM and ChaCha20-Poly1305 on every kind of CPU whose code this machine can run: against
// published examples, against OpenSSL (reference.cc), and with tags that are wrong.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "filter/crypto/aes_gcm.h"
#include "filter/crypto/chacha20_poly1305.h"
#include "tests/filter/crypto/limited_cpu.h"
#include "tests/filter/crypto/reference.h"

using namespace kdump;

namespace {

constexpr size_t kLongest = 1100;  // more than two turns of the widest loop, and a rest

Buffer hex(std::string_view text) {
  Buffer made;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    made.push_back(static_cast<uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  return made;
}

std::span<const uint8_t, 12> as_nonce(const Buffer& nonce) {
  return std::span<const uint8_t, 12>(nonce.data(), 12);
}

// A cipher with the text in place at an address that is a multiple of 16, plus `shift`.
template <class Cipher>
void check_seal_and_open(const Cipher& cipher, const Buffer& nonce, const Buffer& authenticated,
                         const Buffer& text, const Buffer& expected, size_t shift) {
  alignas(16) static uint8_t storage[kLongest + 16 + 64];
  const MutableBytes data(storage + shift, text.size());
  const std::span<uint8_t, 16> tag(storage + shift + text.size(), 16);
  std::ranges::copy(text, data.begin());
  cipher.seal(as_nonce(nonce), authenticated, data, tag);
  const Bytes whole(data.data(), text.size() + 16);
  CHECK(Buffer(whole.begin(), whole.end()) == expected);

  CHECK(cipher.open(as_nonce(nonce), authenticated, data, tag));
  CHECK(Buffer(data.begin(), data.end()) == text);
}

// One bit of each byte in turn, of what the tag covers and of the tag.
template <class Cipher>
void check_forgeries(const Cipher& cipher, size_t size) {
  const Buffer nonce = noise(12, 1), authenticated = noise(20, 2), text = noise(size, 3);
  Buffer data = text, tag(16);
  cipher.seal(as_nonce(nonce), authenticated, data, std::span<uint8_t, 16>(tag.data(), 16));
  for (size_t i = 0; i < size + 16 + authenticated.size(); ++i) {
    Buffer forged = data, forged_tag = tag, forged_authenticated = authenticated;
    uint8_t& byte = i < size        ? forged[i]
                    : i < size + 16 ? forged_tag[i - size]
                                    : forged_authenticated[i - size - 16];
    byte ^= static_cast<uint8_t>(1U << i % 8);
    const Buffer before = forged;
    CHECK_FALSE(cipher.open(as_nonce(nonce), forged_authenticated, forged,
                            std::span<const uint8_t, 16>(forged_tag.data(), 16)));
    CHECK(forged == before);  // nothing was decrypted
  }
}

const char kText[] =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b5"
    "25"
    "b16aedf5aa0de657ba637b39";

// "The Galois/Counter Mode of Operation", McGrew and Viega: test cases 1, 2, 4, 13, 14, 16.
const struct {
  const char *key, *nonce, *authenticated, *text, *sealed;
} kGcm[] = {
    {"00000000000000000000000000000000", "000000000000000000000000", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2", kText,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84a"
     "a05"
     "1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2", kText,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838"
     "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

}  // namespace

TEST_CASE("AES-GCM gives its authors' examples") {
  for_each_cpu([](const std::string& cpu) {
    CAPTURE(cpu);
    for (const auto& each : kGcm)
      check_seal_and_open(AesGcm(hex(each.key)), hex(each.nonce), hex(each.authenticated),
                          hex(each.text), hex(each.sealed), 0);
  });
}

TEST_CASE("ChaCha20-Poly1305 gives the example of RFC 8439, section 2.8.2") {
  const Buffer key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const std::string text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  for_each_cpu([&](const std::string& cpu) {
    CAPTURE(cpu);
    check_seal_and_open(
        ChaCha20Poly1305(std::span<const uint8_t, 32>(key.data(), 32)),
        hex("070000004041424344454647"), hex("50515253c0c1c2c3c4c5c6c7"),
        Buffer(text.begin(), text.end()),
        hex("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb"
            "69da"
            "92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad67594"
            "5585"
            "808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"),
        0);
  });
}

TEST_CASE("AES-GCM equals OpenSSL's at every length and alignment") {
  for (const size_t key_bytes : {16, 32})
    for (size_t size = 0; size <= kLongest; ++size) {
      const Buffer key = noise(key_bytes, size), nonce = noise(12, size + 1);
      const Buffer authenticated = noise(size * 7 % 40, size + 2), text = noise(size, size + 3);
      const Buffer expected = reference_aes_gcm(key, nonce, authenticated, text);
      for_each_cpu([&](const std::string& cpu) {
        CAPTURE(cpu);
        CAPTURE(size);
        check_seal_and_open(AesGcm(key), nonce, authenticated, text, expected, size % 17);
      });
    }
}

TEST_CASE("ChaCha20-Poly1305 equals OpenSSL's at every length and alignment") {
  for (size_t size = 0; size <= kLongest; ++size) {
    const Buffer key = noise(32, size), nonce = noise(12, size + 1);
    const Buffer authenticated = noise(size * 7 % 40, size + 2), text = noise(size, size + 3);
    const Buffer expected = reference_chacha20_poly1305(key, nonce, authenticated, text);
    for_each_cpu([&](const std::string& cpu) {
      CAPTURE(cpu);
      CAPTURE(size);
      check_seal_and_open(ChaCha20Poly1305(std::span<const uint8_t, 32>(key.data(), 32)), nonce,
                          authenticated, text, expected, size % 17);
    });
  }
}

TEST_CASE("OpenSSH's ChaCha20-Poly1305 is what OpenSSL's ChaCha20 and Poly1305 give") {
  for (size_t size = 4; size <= kLongest; size += 3) {
    const Buffer key = noise(64, size), text = noise(size, size + 3);
    const uint32_t sequence = size % 5 == 0 ? 0xffffffff : static_cast<uint32_t>(size * 77777);
    const Buffer expected = reference_ssh_chacha20_poly1305(key, sequence, text);
    for_each_cpu([&](const std::string& cpu) {
      CAPTURE(cpu);
      CAPTURE(size);
      const SshChaCha20Poly1305 cipher(std::span<const uint8_t, 64>(key.data(), 64));
      Buffer packet = text, tag(16);
      cipher.seal(sequence, packet, std::span<uint8_t, 16>(tag.data(), 16));
      Buffer whole = packet;
      whole.insert(whole.end(), tag.begin(), tag.end());
      CHECK(whole == expected);

      CHECK(cipher.length(sequence, std::span<const uint8_t, 4>(packet.data(), 4)) ==
            __builtin_bswap32(load<uint32_t>(text.data())));
      Buffer forged = packet;
      forged[size / 2] ^= 0x10;
      const Buffer before = forged;
      CHECK_FALSE(cipher.open(sequence, forged, std::span<const uint8_t, 16>(tag.data(), 16)));
      CHECK(forged == before);
      CHECK_FALSE(cipher.open(sequence + 1, packet, std::span<const uint8_t, 16>(tag.data(), 16)));
      CHECK(cipher.open(sequence, packet, std::span<const uint8_t, 16>(tag.data(), 16)));
      CHECK(packet == text);
    });
  }
}

TEST_CASE("a changed bit is refused, and nothing is decrypted") {
  for_each_cpu([](const std::string& cpu) {
    CAPTURE(cpu);
    const Buffer key = noise(32, 9);
    for (const size_t size : {0, 1, 16, 100, 300}) {
      check_forgeries(AesGcm(key), size);
      check_forgeries(ChaCha20Poly1305(std::span<const uint8_t, 32>(key.data(), 32)), size);
    }
  });
}

TEST_CASE("AES-GCM's counter of 32 bits wraps without a carry into the nonce") {
  // 1100 bytes are 69 blocks: from a counter this high each kind of loop passes the end.
  for_each_cpu([](const std::string& cpu) {
    CAPTURE(cpu);
    const AesCode& code = cpu_features().aes ? kAesByInstructions : kAesPortable;
    const Buffer nonce(12, 0xff);
    AesKey key{};
    code.expand(key, noise(32, 4));
    for (const uint32_t first : {0xfffffffcU, 0xffffffe0U}) {
      Buffer together(kLongest), one_by_one(kLongest);
      code.count(key, nonce.data(), first, together);
      for (uint32_t i = 0; i * 16 < kLongest; ++i)
        code.count(
            key, nonce.data(), first + i,
            MutableBytes(one_by_one).subspan(i * 16, std::min<size_t>(16, kLongest - i * 16)));
      CHECK(together == one_by_one);
    }
  });
}
