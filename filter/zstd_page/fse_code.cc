#include "filter/zstd_page/fse_code.h"

#include <cstdlib>

#include "filter/zstd_page/bit_writer.h"

namespace kdump {
namespace {

// Which symbol a decoder reads in each state.
std::vector<uint8_t> spread(unsigned log, std::span<const int8_t> probabilities) {
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
    : log_(log), steps_(probabilities.size() << log), last_(probabilities.size()) {
  const uint32_t size = 1u << log;
  const std::vector<uint8_t> symbols = spread(log, probabilities);
  // A decoder in state d reads symbols[d]; the n-th state of a symbol of probability p, n counted
  // from p, then takes `count` bits, so that n << count lies in [size, 2 * size), and goes to the
  // state (n << count) - size + bits. A writer goes the other way.
  std::vector<uint32_t> next(probabilities.size());
  for (size_t s = 0; s < probabilities.size(); ++s)
    next[s] = static_cast<uint32_t>(std::abs(probabilities[s]));
  for (uint32_t d = 0; d < size; ++d) {
    const uint32_t symbol = symbols[d];
    const uint32_t n = next[symbol]++;
    const uint32_t count = log - (static_cast<uint32_t>(std::bit_width(n)) - 1);
    const uint32_t base = (n << count) - size;
    for (uint32_t bits = 0; bits < 1u << count; ++bits)
      steps_[symbol << log | (base + bits)] = d | bits << 8 | count << 16;
    if (n == static_cast<uint32_t>(std::abs(probabilities[symbol])))
      last_[symbol] = static_cast<uint8_t>(d);
  }
  description_.resize(probabilities.size() + 2 * sizeof(uint64_t));
  uint8_t* const end = describe_code(log, probabilities, description_.data());
  description_.resize(static_cast<size_t>(end - description_.data()));
}

uint8_t* describe_code(unsigned log, std::span<const int8_t> probabilities, uint8_t* out) {
  BitWriter writer(out);
  writer.add(log - 5, 4);
  uint32_t left = 1u << log;
  for (size_t s = 0; s < probabilities.size(); ++s) {
    // A number of [0, max] in the fewest bits: the lowest ones take one less.
    const auto value = static_cast<uint32_t>(probabilities[s] + 1);
    const uint32_t max = left + 1;
    const auto bits = static_cast<uint32_t>(std::bit_width(max));
    const uint32_t spared = (1u << bits) - 1 - max;
    if (value < spared)
      writer.add(value, bits - 1);
    else
      writer.add(value < 1u << (bits - 1) ? value : value + spared, bits);
    left -= static_cast<uint32_t>(std::abs(probabilities[s]));
    if (probabilities[s] == 0) {
      // How many more zeros follow: in threes as long as there are three, then the rest.
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
