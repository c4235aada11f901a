#include "filter/verify/zstd_frame.h"

namespace kdump {
namespace {

constexpr uint32_t kMagic = 0xfd2fb528;
constexpr size_t kChecksumBytes = 4;

// The content size, of as many bytes as the descriptor says; two bytes count from 256.
uint64_t content_size(Bytes field) {
  uint64_t size = 0;
  for (size_t i = 0; i < field.size(); ++i) size |= uint64_t{field[i]} << (8 * i);
  return field.size() == 2 ? size + 256 : size;
}

// Blocks up to the last one; false where they do not end with `left`.
bool blocks_fill(Bytes left, uint64_t page_bytes) {
  for (;;) {
    if (left.size() < 3) return false;
    const uint32_t head = left[0] | left[1] << 8 | left[2] << 16;
    const uint32_t type = head >> 1 & 3, size = head >> 3;
    left = left.subspan(3);
    if (type == 3 || size > page_bytes) return false;
    const size_t stored = type == 1 ? 1 : size;  // one byte, repeated
    if (stored > left.size()) return false;
    left = left.subspan(stored);
    if (head & 1) return left.empty();
  }
}

}  // namespace

bool is_whole_zstd_page(Bytes frame, uint64_t page_bytes) {
  if (frame.size() < 5 || load<uint32_t>(frame.data()) != kMagic) return false;
  const uint8_t descriptor = frame[4];
  const bool is_single = descriptor >> 5 & 1, has_checksum = descriptor >> 2 & 1;
  if (descriptor & 0x0b) return false;  // a dictionary, or bits that are reserved
  constexpr size_t kSizeBytes[] = {0, 2, 4, 8};
  const unsigned size_flag = descriptor >> 6;
  const size_t size_bytes = size_flag == 0 && is_single ? 1 : kSizeBytes[size_flag];
  const size_t head = 5 + (is_single ? 0 : 1) + size_bytes;
  const size_t tail = has_checksum ? kChecksumBytes : 0;
  if (frame.size() < head + tail) return false;
  // It need not say its size.
  if (size_bytes != 0 && content_size(frame.subspan(head - size_bytes, size_bytes)) != page_bytes)
    return false;
  return blocks_fill(frame.subspan(head, frame.size() - head - tail), page_bytes);
}

}  // namespace kdump
