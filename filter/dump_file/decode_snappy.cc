#include "filter/dump_file/decode_output.h"
#include "filter/dump_file/peer_decoders.h"

namespace kdump {
namespace {

// Takes `bytes` bytes, little-endian; false where there are fewer.
bool take(Bytes& in, size_t bytes, size_t& value) {
  if (in.size() < bytes) return false;
  value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= size_t{in[i]} << (8 * i);
  in = in.subspan(bytes);
  return true;
}

bool take_varint(Bytes& in, size_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    size_t byte = 0;
    if (!take(in, 1, byte)) return false;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

const char* decode_snappy(Bytes in, MutableBytes out) {
  size_t whole = 0;
  if (!take_varint(in, whole)) return kTooShort;
  if (whole != out.size()) return "its length is not a page's";
  DecodeOutput output(out);
  while (!in.empty()) {
    size_t tag = 0, size = 0, distance = 0;
    take(in, 1, tag);
    const size_t field = tag >> 2;
    switch (tag & 3) {
      case 0:
        size = field;
        if (field >= 60 && !take(in, field - 59, size)) return kTooShort;
        ++size;
        if (size > in.size()) return kTooShort;
        if (!output.append(in.first(size))) return kTooLong;
        in = in.subspan(size);
        continue;
      case 1:
        size = (field & 7) + 4;
        if (!take(in, 1, distance)) return kTooShort;
        distance |= field >> 3 << 8;
        break;
      default:
        size = field + 1;
        if (!take(in, (tag & 3) == 2 ? 2 : 4, distance)) return kTooShort;
    }
    if (!output.copy(distance, size)) return kTooLong;
  }
  return output.is_full() ? nullptr : kLessThanAPage;
}

}  // namespace kdump
