#include "filter/crypto/sha256.h"

#include <mbedtls/sha256.h>

#include <algorithm>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace kdump {
namespace {

constexpr size_t kBlockBytes = 64;
constexpr std::array<uint32_t, 8> kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#if defined(__x86_64__)

alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

bool has_instructions() {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
  }();
  return has;
}

// The instructions hold the eight words as ABEF and CDGH. Four rounds at a time; the message's
// words are extended in a ring of four vectors.
[[gnu::target("sha,sse4.1,ssse3")]] void compress_by_instructions(std::array<uint32_t, 8>& state,
                                                                  Bytes blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  auto* const words = reinterpret_cast<__m128i*>(state.data());
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

#else

bool has_instructions() { return false; }  // arm64's are used by mbedTLS
void compress_by_instructions(std::array<uint32_t, 8>&, Bytes) {}

#endif

}  // namespace

struct Sha256::Library {
  Library() {
    mbedtls_sha256_init(&context);
    mbedtls_sha256_starts(&context, 0);
  }
  ~Library() { mbedtls_sha256_free(&context); }
  mbedtls_sha256_context context;
};

Sha256::Sha256()
    : library_(has_instructions() ? nullptr : std::make_unique<Library>()), state_(kInitial) {}
Sha256::~Sha256() = default;

void Sha256::update(Bytes data) {
  if (library_) {
    mbedtls_sha256_update(&library_->context, data.data(), data.size());
    return;
  }
  const size_t begun = bytes_ % kBlockBytes;
  bytes_ += data.size();
  if (begun != 0) {
    const size_t part = std::min(kBlockBytes - begun, data.size());
    std::copy_n(data.begin(), part, block_.begin() + begun);
    data = data.subspan(part);
    if (begun + part < kBlockBytes) return;
    compress_by_instructions(state_, block_);
  }
  const size_t whole = data.size() / kBlockBytes * kBlockBytes;
  compress_by_instructions(state_, data.first(whole));
  std::ranges::copy(data.subspan(whole), block_.begin());
}

std::string Sha256::finish() {
  std::array<uint8_t, 32> digest;
  if (library_) {
    mbedtls_sha256_finish(&library_->context, digest.data());
  } else {
    const uint64_t bits_be = __builtin_bswap64(bytes_ * 8);
    const size_t begun = bytes_ % kBlockBytes;
    std::array<uint8_t, 2 * kBlockBytes> padding{0x80};
    const size_t size = (begun < 56 ? 56 : 120) - begun;
    memcpy(&padding[size], &bits_be, sizeof bits_be);
    update(Bytes(padding).first(size + sizeof bits_be));
    for (size_t i = 0; i < state_.size(); ++i) {
      const uint32_t word_be = __builtin_bswap32(state_[i]);
      memcpy(&digest[4 * i], &word_be, sizeof word_be);
    }
  }
  std::string text;
  for (const uint8_t byte : digest)
    for (const unsigned digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  return text;
}

std::string sha256_of(Bytes data) {
  Sha256 sum;
  sum.update(data);
  return sum.finish();
}

}  // namespace kdump
