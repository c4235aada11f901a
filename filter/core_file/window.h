// A window of page frames, the unit in which memory is processed, and its bitmap.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace kdump {

// Page frames in a window: 1 GiB of 4 KiB pages. Its bitmap takes 32 KiB. Free blocks and huge
// pages of x86_64 do not cross a window.
constexpr uint32_t kWindowPages = 1u << 18;

// One bit for each page of a window: bit i%8 of byte i/8, the order of kdump-compressed bitmaps.
using PageBits = std::array<uint8_t, kWindowPages / 8>;

inline bool test_bit(const PageBits& bits, uint32_t i) { return bits[i / 8] >> (i % 8) & 1; }
inline void set_bit(PageBits& bits, uint32_t i) {
  bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | 1u << (i % 8));
}
inline void clear_bit(PageBits& bits, uint32_t i) {
  bits[i / 8] = static_cast<uint8_t>(bits[i / 8] & ~(1u << (i % 8)));
}

// Sets the bits of pages [begin, end).
inline void set_bits(std::span<uint8_t> bits, uint32_t begin, uint32_t end) {
  if (begin >= end) return;
  const uint32_t first = begin / 8, last = (end - 1) / 8;
  const auto from = static_cast<uint8_t>(0xff << begin % 8);
  const auto to = static_cast<uint8_t>(0xff >> (7 - (end - 1) % 8));
  if (first == last) {
    bits[first] = static_cast<uint8_t>(bits[first] | (from & to));
    return;
  }
  bits[first] = static_cast<uint8_t>(bits[first] | from);
  memset(bits.data() + first + 1, 0xff, last - first - 1);
  bits[last] = static_cast<uint8_t>(bits[last] | to);
}

}  // namespace kdump
