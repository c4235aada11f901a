#include "filter/crypto/aes_counter.h"

#include <mbedtls/platform_util.h>

#include <algorithm>

#include "filter/crypto/cpu_features.h"

namespace kdump {

AesCounter::AesCounter(Bytes key, std::span<const uint8_t, kBlockBytes> first)
    : code_(cpu_features().aes ? kAesByInstructions : kAesPortable),
      next_{__builtin_bswap64(load<uint64_t>(first.data())),
            __builtin_bswap64(load<uint64_t>(&first[8]))} {
  code_.expand(key_, key);
}

AesCounter::~AesCounter() {
  mbedtls_platform_zeroize(&key_, sizeof key_);
  mbedtls_platform_zeroize(stream_.data(), stream_.size());
}

// The code counts in 32 bits without a carry, so a turn ends where these overflow.
void AesCounter::refill() {
  stream_.fill(0);
  for (MutableBytes left = stream_; !left.empty();) {
    const auto counter = static_cast<uint32_t>(next_[1]);
    const uint64_t until_overflow = (uint64_t{1} << 32) - counter;
    const size_t blocks = std::min<uint64_t>(left.size() / kBlockBytes, until_overflow);
    const std::array<uint64_t, 2> block_be = {__builtin_bswap64(next_[0]),
                                              __builtin_bswap64(next_[1])};
    code_.count(key_, bytes_of(block_be).data(), counter, left.first(blocks * kBlockBytes));
    next_[1] += blocks;
    if (next_[1] < blocks) ++next_[0];
    left = left.subspan(blocks * kBlockBytes);
  }
  used_ = 0;
}

void AesCounter::crypt(MutableBytes data) {
  while (!data.empty()) {
    if (used_ == stream_.size()) refill();
    const size_t size = std::min(data.size(), stream_.size() - used_);
    for (size_t i = 0; i < size; ++i) data[i] ^= stream_[used_ + i];
    used_ += size;
    data = data.subspan(size);
  }
}

}  // namespace kdump
