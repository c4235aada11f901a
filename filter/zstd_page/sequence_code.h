// Writes the sequences section of a zstd block (RFC 8878, section 3.1.1.3.2): literal lengths,
// match lengths and offsets. Blocks of at most 4 KiB bound every number here.
#pragma once

#include "filter/zstd_page/fse_code.h"

namespace kdump {

constexpr size_t kBlockBytes = 4096;
// A match has at least four bytes, which bounds the number of sequences in a block.
constexpr size_t kMaxSequences = kBlockBytes / 4;

// A sequence (literals length, match length, offset) as codes and their extra bits.
struct Sequence {
  // offset_value: 1 to 3 repeat an earlier offset; larger values are the offset plus 3.
  static Sequence make(uint32_t literals, uint32_t match_length, uint32_t offset_value);

  uint64_t extra;  // the bits after the codes, in the order of writing
  uint8_t extra_bits;
  uint8_t literals_code;
  uint8_t match_code;
  uint8_t offset_code;
};

// Codes with fixed probabilities.
class SequenceCode {
 public:
  static SequenceCode predefined();    // Predefined_Mode, without a table description
  static SequenceCode memory_pages();  // measured on kernel memory; with a table description

  // Writes the section. out: kMaxSectionBytes. Returns the end of the section.
  uint8_t* write(std::span<const Sequence> sequences, uint8_t* out) const;

 private:
  SequenceCode(FseCode literals, FseCode offset, FseCode match, bool described)
      : literals_(std::move(literals)),
        offset_(std::move(offset)),
        match_(std::move(match)),
        described_(described) {}

  FseCode literals_, offset_, match_;
  bool described_;
};

// Writes the section with codes built for these sequences: smaller and slower. sequences: at
// least 2. out: kMaxSectionBytes. Returns the end of the section.
uint8_t* write_fitted(std::span<const Sequence> sequences, uint8_t* out);

// A sequence takes at most 61 bits; the header and the table descriptions fit in 256 bytes.
constexpr size_t kMaxSectionBytes = kMaxSequences * 8 + 256;

}  // namespace kdump
