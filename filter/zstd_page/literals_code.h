// Writes the literals section of a zstd block (RFC 8878, section 3.1.1.3.1), with a Huffman code if
// that saves space. The code is near the optimum and quick to build; its weights are encoded with
// fixed probabilities, which need no table for each block.
#pragma once

#include <array>

#include "filter/zstd_page/fse_code.h"

namespace kdump {

class LiteralsCode {
 public:
  // Writes the section. literals: at most kBlockBytes. out: literals.size() + kSlack bytes; bytes
  // behind the section may be overwritten. Returns the end of the section, or nullptr if it would
  // save too little.
  uint8_t* write(Bytes literals, uint8_t* out);

  static constexpr size_t kSlack = 192;

 private:
  static constexpr uint32_t kMaxBits = 11;  // of a code (RFC 8878, section 4.2.1)
  static constexpr size_t kSymbols = 256;

  void count(Bytes literals);
  bool choose_lengths(uint32_t total);
  void number_codes();
  uint8_t* describe(uint8_t* out) const;
  uint8_t* write_stream(Bytes literals, uint8_t* out) const;

  const std::array<FseCode, 3> weights_ = make_weight_codes();
  static std::array<FseCode, 3> make_weight_codes();

  // By symbol.
  std::array<uint16_t, kSymbols> count_{};
  std::array<uint8_t, kSymbols> length_{};  // 0: does not occur
  std::array<uint32_t, kSymbols> code_{};   // bits of the code; its length from bit 16 on

  std::array<uint8_t, kSymbols> present_{};  // the symbols that occur, ascending
  size_t distinct_ = 0;
  uint32_t longest_ = 0;  // maximum of length_
};

}  // namespace kdump
