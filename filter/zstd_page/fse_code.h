// Finite State Entropy codes with fixed probabilities (RFC 8878, section 4.1). The tables are built
// once per process, not per page. Symbols are numbers; their meaning is the caller's.
#pragma once

#include <span>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump {

// Writes the FSE table description of RFC 8878, section 4.1.1, for a table of 2^log states.
// probabilities: as for FseCode. Returns the end; up to eight bytes behind it may be overwritten.
uint8_t* write_fse_description(unsigned log, std::span<const int8_t> probabilities, uint8_t* out);

class FseCode {
 public:
  // The effect of encoding one symbol: the next state and the bits to write. Packed into 32 bits,
  // so that the encoder needs one load.
  struct Transition {
    explicit Transition(uint32_t packed) : packed_(packed) {}
    uint32_t next_state() const { return packed_ & 0xff; }
    uint32_t bits() const { return packed_ >> 8 & 0xff; }
    uint32_t nb_bits() const { return packed_ >> 16; }

   private:
    uint32_t packed_;
  };

  // probabilities: of each symbol in units of 2^-log; -1 means less than one unit. None is 0, and
  // the absolute values add up to 2^log. log: 5 to 8.
  FseCode(unsigned log, std::span<const int8_t> probabilities);

  unsigned log() const { return log_; }
  // The table description (write_fse_description), made once.
  Bytes description() const { return description_; }

  // Returns the encoder's state for the last symbol of a stream, which is encoded first and takes
  // no bits. Of the states of `symbol` it is the one after which a decoder needs the most bits, so
  // that the decoder notices the end of the stream.
  uint32_t initial_state(uint32_t symbol) const { return initial_[symbol]; }
  Transition encode(uint32_t symbol, uint32_t state) const {
    return Transition(transitions_[symbol << log_ | state]);
  }

 private:
  unsigned log_;
  std::vector<uint32_t> transitions_;  // packed; index: symbol << log_ | state
  std::vector<uint8_t> initial_;       // by symbol
  std::vector<uint8_t> description_;
};

}  // namespace kdump
