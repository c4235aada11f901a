#include "filter/base/crc32c.h"

#include <array>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#endif

namespace kdump {
namespace {

// Castagnoli's polynomial, bits reversed: bit 31 is the coefficient of x^0.
constexpr uint32_t kPolynomial = 0x82f63b78;
constexpr uint32_t kOne = 1u << 31;

constexpr uint32_t times_x(uint32_t a) { return (a >> 1) ^ (a & 1 ? kPolynomial : 0); }

// a · b modulo the polynomial.
constexpr uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = kOne; bit != 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = times_x(b);
  }
  return product;
}

uint32_t by_table(Bytes data) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> made{};
    for (uint32_t byte = 0; byte < made.size(); ++byte) {
      uint32_t sum = byte;
      for (int i = 0; i < 8; ++i) sum = times_x(sum);
      made[byte] = sum;
    }
    return made;
  }();
  uint32_t sum = 0;
  for (const uint8_t byte : data) sum = (sum >> 8) ^ table[(sum ^ byte) & 0xff];
  return sum;
}

#if defined(__x86_64__)
bool has_instruction() {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
  }();
  return has;
}

// From this many bytes on three parts are summed at once: an instruction takes three cycles, and
// one can begin in each. Putting their sums together costs as much as some ten thousand bytes.
constexpr size_t kWorthLanes = 128 << 10;

[[gnu::target("sse4.2")]] uint32_t by_lanes(Bytes data) {
  const size_t lane = data.size() / 3;
  uint64_t first = 0, second = 0, third = 0;  // no array: they belong in registers
  const uint8_t* at = data.data();
  for (const uint8_t* const end = at + lane; at < end; at += sizeof(uint64_t)) {
    first = _mm_crc32_u64(first, load<uint64_t>(at));
    second = _mm_crc32_u64(second, load<uint64_t>(at + lane));
    third = _mm_crc32_u64(third, load<uint64_t>(at + 2 * lane));
  }
  return crc32c_before_zeros(static_cast<uint32_t>(first), 2 * lane) ^
         crc32c_before_zeros(static_cast<uint32_t>(second), lane) ^ static_cast<uint32_t>(third);
}

[[gnu::target("sse4.2")]] uint32_t by_instruction(Bytes data) {
  uint64_t sum = 0;
  if (data.size() >= kWorthLanes) {
    constexpr size_t kStep = 3 * sizeof(uint64_t);
    const Bytes in_lanes = data.first(data.size() / kStep * kStep);
    sum = by_lanes(in_lanes);
    data = data.subspan(in_lanes.size());
  }
  for (; data.size() >= sizeof(uint64_t); data = data.subspan(sizeof(uint64_t)))
    sum = _mm_crc32_u64(sum, load<uint64_t>(data.data()));
  auto last = static_cast<uint32_t>(sum);
  for (const uint8_t byte : data) last = _mm_crc32_u8(last, byte);
  return last;
}
#endif

}  // namespace

uint32_t linear_crc32c(Bytes data) {
#if defined(__x86_64__)
  if (has_instruction()) return by_instruction(data);
#endif
  return by_table(data);
}

uint32_t crc32c_before_zeros(uint32_t sum, uint64_t zeros) {
  // x^(8 · zeros), by squaring.
  uint32_t power = kOne;
  for (uint32_t square = kOne >> 8; zeros != 0; zeros >>= 1, square = multiply(square, square))
    if (zeros & 1) power = multiply(power, square);
  return multiply(sum, power);
}

}  // namespace kdump
