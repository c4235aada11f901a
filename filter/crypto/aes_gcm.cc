#include "filter/crypto/aes_gcm.h"

#include <mbedtls/platform_util.h>

#include <algorithm>

#include "filter/crypto/cpu_features.h"

extern "C" {
#include <mbedtls/constant_time.h>  // does not say so itself
}

namespace kdump {
namespace {

constexpr uint32_t kTagCounter = 1, kFirstCounter = 2;
constexpr size_t kChunkBytes = 1024;  // encrypted, then hashed while the first cache has it

}  // namespace

AesGcm::AesGcm(Bytes key) : code_(cpu_features().aes ? kAesByInstructions : kAesPortable) {
  code_.expand(key_, key);
}

AesGcm::~AesGcm() { mbedtls_platform_zeroize(&key_, sizeof key_); }

AesGcm::Tag AesGcm::tag_of(Tag sum, const uint8_t* nonce, size_t authenticated_bytes,
                           size_t data_bytes) const {
  const std::array<uint64_t, 2> bits_be = {__builtin_bswap64(authenticated_bytes * 8),
                                           __builtin_bswap64(data_bytes * 8)};
  code_.hash(key_, sum.data(), bytes_of(bits_be));
  code_.count(key_, nonce, kTagCounter, sum);
  return sum;
}

void AesGcm::seal(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated,
                  MutableBytes data, std::span<uint8_t, kTagBytes> tag) const {
  Tag sum{};
  code_.hash(key_, sum.data(), authenticated);
  uint32_t counter = kFirstCounter;
  for (size_t at = 0; at < data.size(); at += kChunkBytes, counter += kChunkBytes / 16) {
    const MutableBytes chunk = data.subspan(at, std::min(kChunkBytes, data.size() - at));
    code_.count(key_, nonce.data(), counter, chunk);
    code_.hash(key_, sum.data(), chunk);
  }
  std::ranges::copy(tag_of(sum, nonce.data(), authenticated.size(), data.size()), tag.begin());
}

bool AesGcm::open(std::span<const uint8_t, kNonceBytes> nonce, Bytes authenticated,
                  MutableBytes data, std::span<const uint8_t, kTagBytes> tag) const {
  Tag sum{};
  code_.hash(key_, sum.data(), authenticated);
  code_.hash(key_, sum.data(), data);
  const Tag expected = tag_of(sum, nonce.data(), authenticated.size(), data.size());
  if (mbedtls_ct_memcmp(expected.data(), tag.data(), kTagBytes) != 0) return false;
  code_.count(key_, nonce.data(), kFirstCounter, data);
  return true;
}

}  // namespace kdump
