// Packs bits into bytes, lowest bit first.
#pragma once

#include <cstdint>
#include <cstring>

namespace kdump {

class BitWriter {
 public:
  // at: the output; up to eight bytes behind the final end may be overwritten.
  explicit BitWriter(uint8_t* at) : at_(at) {}

  // Appends `count` bits. bits: below 2^count. At most 57 bits between two flushes.
  void add(uint64_t bits, uint32_t count) {
    pending_ |= bits << count_;
    count_ += count;
  }
  void flush() {
    memcpy(at_, &pending_, sizeof pending_);
    at_ += count_ / 8;
    pending_ >>= count_ & ~7u;
    count_ &= 7;
  }
  // Pads the last byte with zeros and returns the end.
  uint8_t* finish() {
    flush();
    return at_ + (count_ != 0);
  }

 private:
  uint8_t* at_;
  uint64_t pending_ = 0;
  uint32_t count_ = 0;
};

}  // namespace kdump
