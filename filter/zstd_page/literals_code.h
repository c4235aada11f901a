// The literals section of a zstd block (RFC 8878, 3.1.1.3.1): literals with a Huffman code of their
// own, where that saves something. The code is nearly the best one and quickly found; how it is
// described to the decoder uses fixed probabilities, so that no table is built for it.
#pragma once

#include <array>

#include "filter/zstd_page/fse_code.h"

namespace kdump {

class LiteralsCode {
 public:
  // literals: kBlockBytes at most. out: literals.size() + kSlack bytes, of which those after the
  // section may be overwritten. Returns the section's end, or nullptr where it would hardly be
  // smaller than the literals.
  uint8_t* write(Bytes literals, uint8_t* out);

  static constexpr size_t kSlack = 192;

 private:
  static constexpr uint32_t kMaxBits = 11;  // of a code, by the format
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
  std::array<uint32_t, kSymbols> code_{};   // its bits, and from bit 16 on how many they are

  std::array<uint8_t, kSymbols> present_{};  // the symbols that occur, ascending
  size_t distinct_ = 0;
  uint32_t longest_ = 0;  // of the lengths
};

}  // namespace kdump
