#include "filter/zstd_page/fitted_code.h"

#include <algorithm>
#include <bit>

#include "filter/zstd_page/fse_code.h"

namespace kdump {

void FittedCode::build(const Counts& counts, uint32_t total) {
  find_probabilities(counts, total);
  build_states();
}

// Gives each symbol that occurs at least one state. The most frequent symbols absorb the rounding.
void FittedCode::find_probabilities(const Counts& counts, uint32_t total) {
  // Without branches: the data is unpredictable, so that branches would be mispredicted.
  uint32_t distinct = 0, symbols = 0;
  for (uint32_t s = 0; s < kMaxSymbols; ++s) {
    const uint32_t occurs = counts[s] != 0;
    distinct += occurs;
    symbols = std::max(symbols, (s + 1) * occurs);
  }
  symbols_ = symbols;
  log_ = 0;
  if (distinct < 2) {
    // One state, which takes no bits.
    for (size_t s = 0; s + 1 < symbols_; ++s) probabilities_[s] = 0;
    probabilities_[symbols_ - 1] = 1;
    return;
  }
  // At least twice as many states as symbols, so that rounding up never uses all of them.
  const auto wanted = static_cast<unsigned>(std::bit_width(std::max(total / 4, distinct * 2)));
  log_ = std::clamp(wanted, 5u, kMaxLog);
  int left = 1 << log_;
  const uint32_t max_share = (1u << log_) - 1;
  const uint32_t scale = (1u << (16 + log_)) / total;
  for (size_t s = 0; s < symbols_; ++s) {
    // At most 2^log.
    uint32_t share = (counts[s] * scale + (1u << 15)) >> 16;
    share -= share > max_share;
    share += (counts[s] != 0) & (share == 0);
    probabilities_[s] = static_cast<int8_t>(share);
    left -= probabilities_[s];
  }
  while (left != 0) {
    int8_t& most = *std::max_element(probabilities_.begin(), probabilities_.begin() + symbols_);
    const int change = left > 0 ? left : std::max(left, 1 - (most + 1) / 2);
    most = static_cast<int8_t>(most + change);
    left -= change;
  }
}

void FittedCode::build_states() {
  const uint32_t size = 1u << log_;
  const uint32_t step = (size >> 1) + (size >> 3) + 3;
  std::array<uint8_t, 1 << kMaxLog> symbol_of;
  uint32_t at = 0, first = 0;
  std::array<uint8_t, kMaxSymbols> next;
  for (size_t s = 0; s < symbols_; ++s) {
    const auto p = static_cast<uint32_t>(probabilities_[s]);
    if (p == 0) continue;
    for (uint32_t i = 0; i < p; ++i, at = (at + step) & (size - 1))
      symbol_of[at] = static_cast<uint8_t>(s);
    // In state x of [size, 2 * size) the encoder writes the lowest nb_bits bits of x, such that
    // p <= x >> nb_bits < 2 * p.
    const uint32_t max_nb_bits = log_ + 1 - static_cast<uint32_t>(std::bit_width(p - 1)) - (p == 1);
    transforms_[s] = {.delta_nb_bits = (max_nb_bits << 16) - (p << max_nb_bits),
                      .delta_find_state = static_cast<int16_t>(first - p),
                      .first_state = static_cast<uint16_t>(first)};
    next[s] = static_cast<uint8_t>(first);
    first += p;
  }
  for (uint32_t state = 0; state < size; ++state)
    states_[next[symbol_of[state]]++] = static_cast<uint8_t>(size + state);
}

uint8_t* FittedCode::write_description(uint8_t* out) const {
  if (log_ != 0) return write_fse_description(log_, std::span(probabilities_).first(symbols_), out);
  *out = static_cast<uint8_t>(symbols_ - 1);
  return out + 1;
}

}  // namespace kdump
