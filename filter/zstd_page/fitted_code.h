// A Finite State Entropy code made for the symbols of one block, quickly: coarse tables, rounded
// probabilities. fse_code.h has the ones that are made once.
#pragma once

#include <array>

#include "filter/base/bytes.h"

namespace kdump {

class FittedCode {
 public:
  static constexpr size_t kMaxSymbols = 64;
  static constexpr unsigned kMaxLog = 7;
  using Counts = std::array<uint16_t, kMaxSymbols>;

  struct Step {
    uint32_t next, written, many;
    uint32_t state() const { return next; }
    uint32_t bits() const { return written; }
    uint32_t bit_count() const { return many; }
  };

  // counts: of `total` symbols; total: 2 to 4096.
  void fit(const Counts& counts, uint32_t total);

  // The only symbol, if there is one: described to the decoder as such; codes take no bits.
  bool is_single() const { return log_ == 0; }
  unsigned log() const { return log_; }
  // The description for the decoder: the one symbol, or the probabilities.
  uint8_t* describe(uint8_t* out) const;

  // As FseCode's, but that a state is 2^log more than what is written of it in the end.
  uint32_t last(uint32_t symbol) const { return states_[ways_[symbol].first_of_all]; }
  Step step(uint32_t symbol, uint32_t state) const {
    const Way way = ways_[symbol];
    const uint32_t many = (state + way.add) >> 16;
    return {states_[(state >> many) + way.from], state & ((1u << many) - 1), many};
  }

 private:
  void find_probabilities(const Counts& counts, uint32_t total);
  void make_states();

  // What writing a symbol does: (state + add) >> 16 is how many bits it takes, what remains of the
  // state, from `from` on, tells the next one.
  struct Way {
    uint32_t add;
    int16_t from;
    uint16_t first_of_all;
  };

  unsigned log_ = 0;
  size_t symbols_ = 0;  // up to the last that occurs
  std::array<int8_t, kMaxSymbols> probabilities_;
  std::array<Way, kMaxSymbols> ways_;
  std::array<uint8_t, 1 << kMaxLog> states_;  // by symbol, each symbol's ascending
};

}  // namespace kdump
