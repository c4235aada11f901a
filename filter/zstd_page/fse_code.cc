#include "filter/zstd_page/fse_code.h"

#include <cstdlib>

#include "filter/zstd_page/bit_writer.h"

namespace kdump {
namespace {

// Returns the symbol that a decoder reads in each state (RFC 8878, section 4.1.1).
std::vector<uint8_t> spread_symbols(unsigned log, std::span<const int8_t> probabilities) {
  const uint32_t size = 1u << log;
  std::vector<uint8_t> symbols(size);
  // Symbols of less than one unit get one state each, from the top down.
  uint32_t end = size;
  for (size_t s = 0; s < probabilities.size(); ++s)
    if (probabilities[s] < 0) symbols[--end] = static_cast<uint8_t>(s);
  const uint32_t step = (size >> 1) + (size >> 3) + 3;
  uint32_t at = 0;
  for (size_t s = 0; s < probabilities.size(); ++s)
    for (int i = 0; i < probabilities[s]; ++i) {
      symbols[at] = static_cast<uint8_t>(s);
      do at = (at + step) & (size - 1);
      while (at >= end);
    }
  return symbols;
}

}  // namespace

FseCode::FseCode(unsigned log, std::span<const int8_t> probabilities)
    : log_(log), transitions_(probabilities.size() << log), initial_(probabilities.size()) {
  const uint32_t size = 1u << log;
  const std::vector<uint8_t> symbols = spread_symbols(log, probabilities);
  // A decoder in state d reads symbols[d]. From the n-th state of a symbol of probability p,
  // counted from p, it reads nb_bits bits, such that n << nb_bits lies in [size, 2 * size), and
  // goes to the state (n << nb_bits) - size + bits. The encoder follows these transitions
  // backwards.
  std::vector<uint32_t> next(probabilities.size());
  for (size_t s = 0; s < probabilities.size(); ++s)
    next[s] = static_cast<uint32_t>(std::abs(probabilities[s]));
  for (uint32_t d = 0; d < size; ++d) {
    const uint32_t symbol = symbols[d];
    const uint32_t n = next[symbol]++;
    const uint32_t nb_bits = log - (static_cast<uint32_t>(std::bit_width(n)) - 1);
    const uint32_t base = (n << nb_bits) - size;
    for (uint32_t bits = 0; bits < 1u << nb_bits; ++bits)
      transitions_[symbol << log | (base + bits)] = d | bits << 8 | nb_bits << 16;
    if (n == static_cast<uint32_t>(std::abs(probabilities[symbol])))
      initial_[symbol] = static_cast<uint8_t>(d);
  }
  description_.resize(probabilities.size() + 2 * sizeof(uint64_t));
  uint8_t* const end = write_fse_description(log, probabilities, description_.data());
  description_.resize(static_cast<size_t>(end - description_.data()));
}

uint8_t* write_fse_description(unsigned log, std::span<const int8_t> probabilities, uint8_t* out) {
  BitWriter writer(out);
  writer.add(log - 5, 4);
  uint32_t left = 1u << log;
  for (size_t s = 0; s < probabilities.size(); ++s) {
    // A value of [0, max] takes `bits` bits, the lowest `shorter` values one bit less.
    const auto value = static_cast<uint32_t>(probabilities[s] + 1);
    const uint32_t max = left + 1;
    const auto bits = static_cast<uint32_t>(std::bit_width(max));
    const uint32_t shorter = (1u << bits) - 1 - max;
    if (value < shorter)
      writer.add(value, bits - 1);
    else
      writer.add(value < 1u << (bits - 1) ? value : value + shorter, bits);
    left -= static_cast<uint32_t>(std::abs(probabilities[s]));
    if (probabilities[s] == 0) {
      // The count of further zeros, two bits at a time; 3 means that another two bits follow.
      size_t zeros = 0;
      while (probabilities[s + 1] == 0) ++s, ++zeros;
      for (; zeros >= 3; zeros -= 3) {
        writer.add(3, 2);
        writer.flush();
      }
      writer.add(zeros, 2);
    }
    writer.flush();
  }
  return writer.finish();
}

}  // namespace kdump
