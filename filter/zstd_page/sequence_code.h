// The sequences section of a zstd block (RFC 8878, 3.1.1.3.2): how often and from where a decoder
// copies, with probabilities that are fixed. Blocks are of 4 KiB at most, which bounds every
// number here.
#pragma once

#include "filter/zstd_page/fse_code.h"

namespace kdump {

constexpr size_t kBlockBytes = 4096;
// A match has at least four bytes, so a block has no more sequences than that; the matcher and
// its callers size their memory by it.
constexpr size_t kMaxSequences = kBlockBytes / 4;

// A sequence (literals length, match length, offset) as codes and their extra bits.
struct Sequence {
  // offset_value: 1 to 3 repeat an earlier offset, above it is the offset plus 3.
  static Sequence make(uint32_t literals, uint32_t match_length, uint32_t offset_value);

  uint64_t extra;  // the bits that follow the codes, in the order a writer adds them
  uint8_t extra_bits;
  uint8_t literals_code;
  uint8_t match_code;
  uint8_t offset_code;
};

// The probabilities of one block's codes, fixed.
class SequenceCode {
 public:
  static SequenceCode predefined();    // the predefined tables, which need no description
  static SequenceCode memory_pages();  // what kernels' memory shows; takes a description

  // The whole section. out: kMaxSectionBytes. Returns the section's end.
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

// The section with codes made for these sequences: smaller, and slower to make. Two at least.
uint8_t* write_fitted(std::span<const Sequence> sequences, uint8_t* out);

// 61 bits a sequence at most; head and descriptions take less than the rest.
constexpr size_t kMaxSectionBytes = kMaxSequences * 8 + 256;

}  // namespace kdump
