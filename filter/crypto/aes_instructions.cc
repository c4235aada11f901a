// AES and GHASH by the instructions of x86_64 and arm64, eight blocks at a time: one after the
// other they would wait for each other. GHASH multiplies as in S. Gueron and M. Kounavis, "Intel
// Carry-Less Multiplication Instruction and its Usage for Computing the GCM Mode", with the key
// multiplied by x beforehand, so that a product needs no shift before its reduction.
#include "filter/crypto/aes_code.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WITH_AES [[gnu::target("aes,pclmul,ssse3")]]
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__clang__)
#define WITH_AES [[gnu::target("aes")]]
#else
#define WITH_AES [[gnu::target("+crypto")]]
#endif
#endif

#define WITH_AES_INLINE WITH_AES [[gnu::always_inline]] inline

namespace kdump {
namespace {

constexpr size_t kBlockBytes = 16, kWide = 8, kWideBytes = kWide * kBlockBytes;

// GCC's and clang's vectors: operators act on each element.
using Block [[gnu::vector_size(16)]] = uint64_t;
using Words [[gnu::vector_size(16)]] = uint32_t;
using Octets [[gnu::vector_size(16)]] = uint8_t;

#if defined(__x86_64__)

WITH_AES_INLINE Block aes_round(Block state, Block key) {
  return (Block)_mm_aesenc_si128((__m128i)state, (__m128i)key);
}
WITH_AES_INLINE Block aes_last_round(Block state, Block key) {
  return (Block)_mm_aesenclast_si128((__m128i)state, (__m128i)key);
}
WITH_AES_INLINE Block low_product(Block a, Block b) {
  return (Block)_mm_clmulepi64_si128((__m128i)a, (__m128i)b, 0x00);
}
WITH_AES_INLINE Block high_product(Block a, Block b) {
  return (Block)_mm_clmulepi64_si128((__m128i)a, (__m128i)b, 0x11);
}

#else

// arm64's instruction adds its key first; x86's, and so ours, last.
WITH_AES_INLINE Block aes_last_round(Block state, Block key) {
  return (Block)vaeseq_u8((uint8x16_t)state, uint8x16_t{}) ^ key;
}
WITH_AES_INLINE Block aes_round(Block state, Block key) {
  return (Block)vaesmcq_u8(vaeseq_u8((uint8x16_t)state, uint8x16_t{})) ^ key;
}
WITH_AES_INLINE Block low_product(Block a, Block b) {
  return (Block)vreinterpretq_u64_p128(vmull_p64((poly64_t)a[0], (poly64_t)b[0]));
}
WITH_AES_INLINE Block high_product(Block a, Block b) {
  return (Block)vreinterpretq_u64_p128(
      vmull_high_p64(vreinterpretq_p64_u64((uint64x2_t)a), vreinterpretq_p64_u64((uint64x2_t)b)));
}

#endif

WITH_AES_INLINE Block load_block(const void* at) {
  Block block;
  memcpy(&block, at, sizeof block);
  return block;
}
WITH_AES_INLINE void store_block(void* at, Block block) { memcpy(at, &block, sizeof block); }

WITH_AES_INLINE Block swapped(Block block) { return __builtin_shufflevector(block, block, 1, 0); }

WITH_AES_INLINE Block reversed(Block block) {
  const auto octets = (Octets)block;
  return (Block)__builtin_shufflevector(octets, octets, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3,
                                        2, 1, 0);
}

WITH_AES_INLINE Block round_key(const AesKey& key, unsigned round) {
  return load_block(&key.rounds[2 * round]);
}

WITH_AES_INLINE Block encrypted(const AesKey& key, Block block) {
  block ^= round_key(key, 0);
  for (unsigned i = 1; i < key.round_count; ++i) block = aes_round(block, round_key(key, i));
  return aes_last_round(block, round_key(key, key.round_count));
}

// A product before its reduction: several are added first.
struct Product {
  Block low{}, cross{}, high{};
};

WITH_AES_INLINE void add_product(Product& sum, Block a, Block b) {
  const Block b_swapped = swapped(b);
  sum.low ^= low_product(a, b);
  sum.high ^= high_product(a, b);
  sum.cross ^= low_product(a, b_swapped) ^ high_product(a, b_swapped);
}

// Modulo x^128 + x^7 + x^2 + x + 1, in GCM's reflected order of bits.
WITH_AES_INLINE Block reduced(const Product& sum) {
  constexpr Block kFold = {0xc200000000000000, 0};
  Block low = sum.low ^ Block { 0, sum.cross[0] };
  low = swapped(low) ^ low_product(low, kFold);
  low = swapped(low) ^ low_product(low, kFold);
  return low ^ sum.high ^ Block { sum.cross[1], 0 };
}

WITH_AES_INLINE Block multiplied(Block a, Block b) {
  Product product;
  add_product(product, a, b);
  return reduced(product);
}

// Times x.
WITH_AES_INLINE Block doubled(Block h) {
  const uint64_t carry = 0 - (h[1] >> 63);  // all ones or zero: no branch on the key
  return Block{h[0] << 1 ^ (carry & 1), (h[1] << 1 | h[0] >> 63) ^ (carry & 0xc200000000000000)};
}

// The S-box of four bytes: with four equal columns a round's shift of rows changes nothing.
WITH_AES_INLINE uint32_t substituted(uint32_t word) {
  const auto words = (Words)aes_last_round((Block)Words{word, word, word, word}, Block{});
  return words[0];
}

// FIPS 197, 5.2, with its words as little-endian numbers.
WITH_AES void expand(AesKey& into, Bytes key) {
  const size_t key_words = key.size() / 4;
  into.round_count = static_cast<unsigned>(key_words) + 6;
  std::array<uint32_t, 60> words{};
  memcpy(words.data(), key.data(), key.size());
  uint32_t constant = 1;
  for (size_t i = key_words; i < 4 * (into.round_count + 1); ++i) {
    uint32_t word = words[i - 1];
    if (i % key_words == 0) {
      word = substituted(word >> 8 | word << 24) ^ constant;
      constant = constant == 0x80 ? 0x1b : constant << 1;
    } else if (key_words == 8 && i % 8 == 4) {
      word = substituted(word);
    }
    words[i] = words[i - key_words] ^ word;
  }
  memcpy(into.rounds.data(), words.data(), sizeof words);

  const Block h = doubled(reversed(encrypted(into, Block{})));
  Block power = h;
  for (size_t i = kWide; i-- > 0; power = multiplied(power, h))
    store_block(&into.powers[2 * i], power);
}

WITH_AES void count(const AesKey& key, const uint8_t* nonce, uint32_t counter, MutableBytes data) {
  constexpr Words kOne = {1, 0, 0, 0};
  std::array<uint8_t, kBlockBytes> first{};
  memcpy(first.data(), nonce, 12);
  auto next = (Words)reversed(load_block(first.data()));  // counts in its first element
  next[0] = counter;
  const Block first_key = round_key(key, 0), last_key = round_key(key, key.round_count);
  for (; data.size() >= kWideBytes; data = data.subspan(kWideBytes)) {
    Block stream[kWide];
#pragma GCC unroll 8
    for (Block& each : stream) {
      each = reversed((Block)next) ^ first_key;
      next += kOne;
    }
    for (unsigned round = 1; round < key.round_count; ++round) {
      const Block each_key = round_key(key, round);
#pragma GCC unroll 8
      for (Block& each : stream) each = aes_round(each, each_key);
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < kWide; ++i) {
      uint8_t* const at = data.data() + i * kBlockBytes;
      store_block(at, load_block(at) ^ aes_last_round(stream[i], last_key));
    }
  }
  for (; !data.empty(); next += kOne) {
    const auto stream = (Octets)encrypted(key, reversed((Block)next));
    const size_t size = data.size() < kBlockBytes ? data.size() : kBlockBytes;
    for (size_t i = 0; i < size; ++i) data[i] ^= stream[i];
    data = data.subspan(size);
  }
}

WITH_AES void hash(const AesKey& key, uint8_t* sum_at, Bytes data) {
  Block sum = reversed(load_block(sum_at));
  for (; data.size() >= kWideBytes; data = data.subspan(kWideBytes)) {
    Product product;
#pragma GCC unroll 8
    for (size_t i = 0; i < kWide; ++i) {
      Block block = reversed(load_block(data.data() + i * kBlockBytes));
      if (i == 0) block ^= sum;
      add_product(product, block, load_block(&key.powers[2 * i]));
    }
    sum = reduced(product);
  }
  const Block h = load_block(&key.powers[2 * (kWide - 1)]);
  while (!data.empty()) {
    std::array<uint8_t, kBlockBytes> padded{};
    const size_t size = data.size() < kBlockBytes ? data.size() : kBlockBytes;
    memcpy(padded.data(), data.data(), size);
    sum = multiplied(sum ^ reversed(load_block(padded.data())), h);
    data = data.subspan(size);
  }
  store_block(sum_at, reversed(sum));
}

}  // namespace

const AesCode kAesByInstructions{.expand = expand, .count = count, .hash = hash};

}  // namespace kdump
