// A Finite State Entropy code built for the symbols of one block. Built quickly: small tables and
// rounded probabilities. Codes with fixed probabilities: fse_code.h.
#pragma once

#include <array>

#include "filter/base/bytes.h"

namespace kdump {

class FittedCode {
 public:
  static constexpr size_t kMaxSymbols = 64;
  static constexpr unsigned kMaxLog = 7;
  using Counts = std::array<uint16_t, kMaxSymbols>;

  // As FseCode::Transition, not packed.
  struct Transition {
    uint32_t next_state_, bits_, nb_bits_;
    uint32_t next_state() const { return next_state_; }
    uint32_t bits() const { return bits_; }
    uint32_t nb_bits() const { return nb_bits_; }
  };

  // Builds the code. counts: occurrences of each symbol; total: their sum, 2 to 4096.
  void build(const Counts& counts, uint32_t total);

  // True if only one symbol occurs: RLE_Mode of RFC 8878, in which codes take no bits.
  bool is_rle() const { return log_ == 0; }
  unsigned log() const { return log_; }
  // Writes the table description, or the one symbol of RLE_Mode. Returns its end.
  uint8_t* write_description(uint8_t* out) const;

  // As FseCode, but states are 2^log to 2^(log + 1) - 1; the stream ends with the low `log` bits.
  uint32_t initial_state(uint32_t symbol) const { return states_[transforms_[symbol].first_state]; }
  Transition encode(uint32_t symbol, uint32_t state) const {
    const SymbolTransform transform = transforms_[symbol];
    const uint32_t nb_bits = (state + transform.delta_nb_bits) >> 16;
    return {states_[(state >> nb_bits) + transform.delta_find_state], state & ((1u << nb_bits) - 1),
            nb_bits};
  }

 private:
  void find_probabilities(const Counts& counts, uint32_t total);
  void build_states();

  // FSE_symbolCompressionTransform of zstd's lib/common/fse.h, and the index of the symbol's first
  // state in states_.
  struct SymbolTransform {
    uint32_t delta_nb_bits;
    int16_t delta_find_state;
    uint16_t first_state;
  };

  unsigned log_ = 0;
  size_t symbols_ = 0;  // one past the highest symbol that occurs
  std::array<int8_t, kMaxSymbols> probabilities_;
  std::array<SymbolTransform, kMaxSymbols> transforms_;
  std::array<uint8_t, 1 << kMaxLog> states_;  // grouped by symbol, ascending within a group
};

}  // namespace kdump
