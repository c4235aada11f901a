// AES and GHASH without tables, by BearSSL's code in toolchain/primitives.
#include <primitives.h>

#include "filter/crypto/aes_code.h"

namespace kdump {
namespace {

void expand(AesKey& into, Bytes key) {
  static_assert(AES_CT_WORDS == std::tuple_size_v<decltype(into.rounds)>);
  into.round_count = aes_ct_expand_key(into.rounds.data(), key.data(), key.size());
  constexpr uint8_t kZeros[12] = {};
  std::array<uint8_t, 16> h{};
  // The block that counts from 0, with a nonce of zeros, is the block of zeros.
  aes_ct_count(into.rounds.data(), into.round_count, kZeros, 0, h.data(), h.size());
  memcpy(into.powers.data(), h.data(), h.size());
}

void count(const AesKey& key, const uint8_t* nonce, uint32_t counter, MutableBytes data) {
  aes_ct_count(key.rounds.data(), key.round_count, nonce, counter, data.data(), data.size());
}

void hash(const AesKey& key, uint8_t* sum, Bytes data) {
  ghash_ct(sum, reinterpret_cast<const uint8_t*>(key.powers.data()), data.data(), data.size());
}

}  // namespace

const AesCode kAesPortable{.expand = expand, .count = count, .hash = hash};

}  // namespace kdump
