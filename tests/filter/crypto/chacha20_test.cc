// ChaCha20 by vectors on every kind of CPU whose code this machine can run, against the words of
// RFC 8439 as plain C++. The static tests on arm64, too, have nothing else to compare with.
#include "filter/crypto/chacha20.h"

#include <doctest/doctest.h>

#include <array>
#include <bit>

#include "tests/filter/crypto/limited_cpu.h"
#include "tests/filter/crypto/reference.h"

using namespace kdump;

namespace {

using State = std::array<uint32_t, 16>;

void quarter_round(State& x, size_t a, size_t b, size_t c, size_t d) {
  x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 16);
  x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 12);
  x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 8);
  x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 7);
}

State block(const State& state) {
  State x = state;
  for (int round = 0; round < 20; ++round)
    for (size_t i = 0; i < 4; ++i) {
      const size_t shift = round % 2;
      quarter_round(x, i, 4 + (i + shift) % 4, 8 + (i + 2 * shift) % 4, 12 + (i + 3 * shift) % 4);
    }
  for (size_t i = 0; i < x.size(); ++i) x[i] += state[i];
  return x;
}

Buffer expected(Bytes key, Bytes nonce, uint32_t counter, Buffer data) {
  State state = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  memcpy(&state[4], key.data(), 32);
  memcpy(&state[13], nonce.data(), 12);
  for (size_t at = 0; at < data.size(); at += 64, ++counter) {
    state[12] = counter;
    const State stream = block(state);
    for (size_t i = 0; i < 64 && at + i < data.size(); ++i) data[at + i] ^= bytes_of(stream)[i];
  }
  return data;
}

}  // namespace

TEST_CASE("ChaCha20 gives the key stream of RFC 8439, section 2.4.2, at every length") {
  // The first words of the key stream that the RFC prints.
  Buffer key(32), zeros(64);
  for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(i);
  const Buffer nonce = {0, 0, 0, 0, 0, 0, 0, 0x4a, 0, 0, 0, 0};
  const Buffer first = expected(key, nonce, 1, zeros);
  CHECK(Buffer(first.begin(), first.begin() + 8) ==
        Buffer{0x22, 0x4f, 0x51, 0xf3, 0x40, 0x1b, 0xd9, 0xe1});
  for_each_cpu([&](const std::string& cpu) {
    CAPTURE(cpu);
    for (size_t size = 0; size <= 1300; ++size) {
      CAPTURE(size);
      // Turns of every width pass the counter's end.
      const uint32_t counter = size % 2 == 0 ? 1 : 0xfffffffa;
      const Buffer random_key = noise(32, size), random_nonce = noise(12, size + 1);
      Buffer data = noise(size + 1, size + 2);
      const Buffer text(data.begin() + 1, data.end());
      chacha20_xor(random_key.data(), random_nonce.data(), counter, MutableBytes(data).subspan(1));
      CHECK(Buffer(data.begin() + 1, data.end()) ==
            expected(random_key, random_nonce, counter, text));
    }
  });
}
