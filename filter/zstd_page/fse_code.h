// Finite State Entropy codes with fixed probabilities, as zstd frames hold them (RFC 8878, 4.1):
// made once, so that no page pays for building one. Knows nothing of what the symbols mean.
#pragma once

#include <span>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump {

// The probabilities of a code's symbols as a decoder reads them. Up to eight bytes beyond the end,
// which is returned, may be overwritten.
uint8_t* describe_code(unsigned log, std::span<const int8_t> probabilities, uint8_t* out);

class FseCode {
 public:
  // What writing a symbol in a state does, packed so that it is one load: the state after it, the
  // bits to write and how many they are.
  struct Step {
    explicit Step(uint32_t packed) : packed_(packed) {}
    uint32_t state() const { return packed_ & 0xff; }
    uint32_t bits() const { return packed_ >> 8 & 0xff; }
    uint32_t bit_count() const { return packed_ >> 16; }

   private:
    uint32_t packed_;
  };

  // probabilities: of each symbol in units of 2^-log; -1: less than one unit. Their absolute
  // values sum up to 2^log, and none is 0. log: 5 to 8.
  FseCode(unsigned log, std::span<const int8_t> probabilities);

  unsigned log() const { return log_; }
  // The probabilities as a decoder reads them.
  Bytes description() const { return description_; }

  // The state from which a decoder reads `symbol` as the last one; writes nothing. Of all that do,
  // the one after which it would need most bits: where the stream ends, it then finds none.
  uint32_t last(uint32_t symbol) const { return last_[symbol]; }
  Step step(uint32_t symbol, uint32_t state) const { return Step(steps_[symbol << log_ | state]); }

 private:
  unsigned log_;
  std::vector<uint32_t> steps_;  // by symbol and state
  std::vector<uint8_t> last_;    // by symbol
  std::vector<uint8_t> description_;
};

}  // namespace kdump
