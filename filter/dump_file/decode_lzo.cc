#include "filter/dump_file/decode_output.h"
#include "filter/dump_file/peer_decoders.h"

namespace kdump {
namespace {

class Lzo {
 public:
  Lzo(Bytes in, MutableBytes out) : in_(in), out_(out) {}
  const char* run();

 private:
  uint8_t byte() {
    if (at_ == in_.size()) {
      is_short_ = true;
      return 0;
    }
    return in_[at_++];
  }
  uint32_t two_bytes() {
    const uint32_t low = byte();
    return low | uint32_t{byte()} << 8;
  }
  bool literals(size_t size) {
    if (size > in_.size() - at_) {
      is_short_ = true;
      return false;
    }
    at_ += size;
    return out_.append(in_.subspan(at_ - size, size));
  }
  // A length whose field holds `low`; 0 there: more bytes follow, each zero one counting 255.
  size_t length(uint32_t low, uint32_t field_max) {
    if (low != 0) return low;
    size_t size = field_max;
    for (uint8_t next = 0; !is_short_; size += 255) {
      next = byte();
      if (next != 0) return size + next;
    }
    return size;
  }

  Bytes in_;
  DecodeOutput out_;
  size_t at_ = 0;
  bool is_short_ = false;
};

const char* Lzo::run() {
  // Literals copied last: 0 none, 1 to 3 that number of them behind a match, 4 a run of them.
  uint32_t state = 0;
  if (!in_.empty() && in_[0] > 17) {
    const uint32_t size = byte() - 17u;
    if (!literals(size)) return is_short_ ? kTooShort : kTooLong;
    state = size < 4 ? size : 4;
  }
  while (!is_short_) {
    const uint32_t op = byte();
    size_t size = 0, distance = 0;
    uint32_t next = op & 3;
    if (op < 16 && state == 0) {
      if (!literals(length(op, 15) + 3)) return is_short_ ? kTooShort : kTooLong;
      state = 4;
      continue;
    }
    if (op < 16) {
      size = state == 4 ? 3 : 2;
      distance = (uint32_t{byte()} << 2) + (op >> 2) + (state == 4 ? 2049 : 1);
    } else if (op >= 64) {
      size = (op >> 5) + 1;
      distance = (uint32_t{byte()} << 3) + (op >> 2 & 7) + 1;
    } else if (op >= 32) {
      size = length(op & 31, 31) + 2;
      const uint32_t low = two_bytes();
      distance = (low >> 2) + 1;
      next = low & 3;
    } else {
      size = length(op & 7, 7) + 2;
      const uint32_t low = two_bytes();
      distance = ((op & 8) << 11) + (low >> 2);
      next = low & 3;
      if (distance == 0 && !is_short_) return out_.is_full() ? nullptr : kLessThanAPage;
      distance += 16384;
    }
    if (is_short_) break;
    if (!out_.copy(distance, size)) return kTooLong;
    if (!literals(next)) return is_short_ ? kTooShort : kTooLong;
    state = next;
  }
  return kTooShort;
}

}  // namespace

const char* decode_lzo(Bytes in, MutableBytes out) { return Lzo(in, out).run(); }

}  // namespace kdump
