#include "filter/crypto/chacha20.h"

#include <mbedtls/platform_util.h>

#include <array>

#include "filter/crypto/cpu_features.h"

#define INLINE [[gnu::always_inline]] inline

namespace kdump {
namespace {

constexpr size_t kBlockBytes = 64, kWords = kBlockBytes / sizeof(uint32_t);
constexpr size_t kQuadBytes = 16;

using State = std::array<uint32_t, kWords>;
constexpr size_t kCounter = 12;  // the word of a State that numbers its block

// GCC's and clang's vectors: operators act on each element. Element i belongs to block i.
using Four [[gnu::vector_size(16)]] = uint32_t;
using Eight [[gnu::vector_size(32)]] = uint32_t;

template <class Vector>
constexpr size_t kBlocks = sizeof(Vector) / sizeof(uint32_t);

// Every helper takes references: a vector by value is passed in another way with AVX2 than without.

// The words of a, b and c, d in turn: of each 16 bytes, first their lower half, then the upper one.
INLINE void interleave_words(Four& a, Four& b) {
  const Four low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  b = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  a = low;
}
INLINE void interleave_pairs(Four& a, Four& b) {
  const Four low = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  b = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  a = low;
}

#if defined(__x86_64__)
INLINE void interleave_words(Eight& a, Eight& b) {
  const Eight low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
  b = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  a = low;
}
INLINE void interleave_pairs(Eight& a, Eight& b) {
  const Eight low = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
  b = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  a = low;
}
#endif

template <int kBits, class Vector>
INLINE void rotate(Vector& x) {
  x = x << kBits | x >> (32 - kBits);
}

// RFC 8439, 2.1.
template <class Vector>
INLINE void quarter_round(Vector& a, Vector& b, Vector& c, Vector& d) {
  a += b, d ^= a, rotate<16>(d);
  c += d, b ^= c, rotate<12>(b);
  a += b, d ^= a, rotate<8>(d);
  c += d, b ^= c, rotate<7>(b);
}

template <class Vector>
INLINE void double_round(Vector (&x)[kWords]) {
  quarter_round(x[0], x[4], x[8], x[12]);
  quarter_round(x[1], x[5], x[9], x[13]);
  quarter_round(x[2], x[6], x[10], x[14]);
  quarter_round(x[3], x[7], x[11], x[15]);
  quarter_round(x[0], x[5], x[10], x[15]);
  quarter_round(x[1], x[6], x[11], x[12]);
  quarter_round(x[2], x[7], x[8], x[13]);
  quarter_round(x[3], x[4], x[9], x[14]);
}

// XORs each 16 bytes of `stream` into those at `at`, whose blocks are four blocks apart.
template <class Vector>
INLINE void xor_into(uint8_t* at, const Vector& stream) {
#pragma GCC unroll 2
  for (size_t i = 0; i < sizeof stream / kQuadBytes; ++i, at += 4 * kBlockBytes) {
    Four data, part;
    memcpy(&data, at, sizeof data);
    memcpy(&part, reinterpret_cast<const uint8_t*>(&stream) + i * kQuadBytes, sizeof part);
    data ^= part;
    memcpy(at, &data, sizeof data);
  }
}

// The blocks of a whole Vector.
template <class Vector>
INLINE void xor_blocks(const State& state, uint8_t* data) {
  Vector x[kWords];
  Vector blocks{};
  for (size_t i = 0; i < kBlocks<Vector>; ++i) blocks[i] = static_cast<uint32_t>(i);
  for (size_t i = 0; i < kWords; ++i) x[i] = Vector{} + state[i];
  x[kCounter] += blocks;
  for (int i = 0; i < 10; ++i) double_round(x);
  for (size_t i = 0; i < kWords; ++i) x[i] += state[i];
  x[kCounter] += blocks;
  // x[i] has word i of every block: four of them become 16 bytes of each block.
#pragma GCC unroll 4
  for (size_t i = 0; i < kWords; i += 4, data += kQuadBytes) {
    Vector* const four = x + i;
    interleave_words(four[0], four[1]);
    interleave_words(four[2], four[3]);
    interleave_pairs(four[0], four[2]);
    interleave_pairs(four[1], four[3]);
    xor_into(data, four[0]);
    xor_into(data + kBlockBytes, four[2]);
    xor_into(data + 2 * kBlockBytes, four[1]);
    xor_into(data + 3 * kBlockBytes, four[3]);
  }
}

// Whole Vectors' blocks; returns what is left of data.
template <class Vector>
INLINE MutableBytes xor_whole(State& state, MutableBytes data) {
  constexpr size_t kStepBytes = kBlocks<Vector> * kBlockBytes;
  for (; data.size() >= kStepBytes; data = data.subspan(kStepBytes)) {
    xor_blocks<Vector>(state, data.data());
    state[kCounter] += kBlocks<Vector>;
  }
  return data;
}

MutableBytes xor_by_four(State& state, MutableBytes data) { return xor_whole<Four>(state, data); }

#if defined(__x86_64__)
[[gnu::target("avx2")]] MutableBytes xor_by_eight(State& state, MutableBytes data) {
  return xor_whole<Eight>(state, data);
}
#endif

}  // namespace

void chacha20_xor(const uint8_t* key, const uint8_t* nonce, uint32_t counter, MutableBytes data) {
  State state = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // "expand 32-byte k"
  memcpy(&state[4], key, 32);
  state[kCounter] = counter;
  memcpy(&state[kCounter + 1], nonce, 12);
#if defined(__x86_64__)
  if (cpu_features().avx2) data = xor_by_eight(state, data);
#endif
  data = xor_by_four(state, data);
  if (!data.empty()) {
    std::array<uint8_t, kBlocks<Four> * kBlockBytes> last;
    memcpy(last.data(), data.data(), data.size());
    xor_by_four(state, last);
    memcpy(data.data(), last.data(), data.size());
    mbedtls_platform_zeroize(last.data(), last.size());
  }
  mbedtls_platform_zeroize(state.data(), sizeof state);
}

}  // namespace kdump
