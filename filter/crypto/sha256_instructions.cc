// SHA-256's compression by the instructions of x86 CPUs, for mbedTLS: the patch
// toolchain/patches/mbedtls-sha256-x86.patch calls it. Padding and buffering are mbedTLS's, as is
// the code for CPUs without such instructions and for arm64.
#if defined(__x86_64__)
#include <immintrin.h>

#include "filter/base/bytes.h"
#include "filter/crypto/cpu_features.h"

namespace kdump {
namespace {

constexpr size_t kBlockBytes = 64;

alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The instructions hold the eight words as ABEF and CDGH. Four rounds at a time; the message's
// words are extended in a ring of four vectors.
[[gnu::target("sha,sse4.1,ssse3")]] void compress(uint32_t* state, Bytes blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  auto* const words = reinterpret_cast<__m128i*>(state);
  const __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(abcd, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);
  for (; blocks.size() >= kBlockBytes; blocks = blocks.subspan(kBlockBytes)) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i message[4];
    for (unsigned i = 0; i < 16; ++i) {
      __m128i& words4 = message[i % 4];
      if (i < 4) {
        words4 = _mm_shuffle_epi8(
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks.data()) + i), big_endian);
      } else {
        const __m128i last = message[(i + 3) % 4];
        const __m128i seven_before = _mm_alignr_epi8(last, message[(i + 2) % 4], 4);
        words4 = _mm_sha256msg2_epu32(
            _mm_add_epi32(_mm_sha256msg1_epu32(words4, message[(i + 1) % 4]), seven_before), last);
      }
      const __m128i round =
          _mm_add_epi32(words4, _mm_load_si128(reinterpret_cast<const __m128i*>(kRound) + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, round);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(round, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace
}  // namespace kdump

// Compresses the whole blocks of data into the state of eight words. Returns their bytes; 0: this
// CPU has no instructions for it.
extern "C" size_t kdump_sha256_blocks(uint32_t* state, const uint8_t* data, size_t size) {
  if (!kdump::cpu_features().sha256) return 0;
  const size_t whole = size / kdump::kBlockBytes * kdump::kBlockBytes;
  kdump::compress(state, {data, whole});
  return whole;
}

#endif
