// Finds what repeats in a block of kernel memory, quickly: words that were there before, above all
// at the distance of the last match, since memory is arrays of structures. Gives sequences and
// literals; knows no file format but for the way zstd names offsets used before.
#pragma once

#include <array>

#include "filter/zstd_page/sequence_code.h"

namespace kdump {

class WordMatcher {
 public:
  // every_byte takes longer and finds more.
  enum class Search : uint8_t { words, every_byte };

  // A new frame begins: its decoder knows these offsets.
  void start_frame() { history_ = {1, 4, 8}; }
  // The last block goes to the decoder without its sequences, which it then has not learned from.
  void forget_block() { history_ = history_before_; }

  // block: kBlockBytes. What is found is valid until the next call; what sequences do not cover,
  // after the last of them, are literals.
  void match(Bytes block, Search search);
  // The same for a block that repeats its first eight bytes.
  void match_repeated_word(Bytes block);

  std::span<const Sequence> sequences() const { return std::span(sequences_).first(count_); }
  Bytes literals() const { return Bytes(literals_).first(literals_size_); }

 private:
  template <bool kEveryByte>
  void find(Bytes block);
  // Loads and copies may go so far beyond a block, at either end.
  static constexpr size_t kMargin = 64;
  // Of words there are fewer.
  static constexpr unsigned kHashBits = 12, kHashBitsOfWords = 11;

  static uint32_t hash(uint32_t word) { return (word * 2654435761u) >> (32 - kHashBitsOfWords); }
  static uint32_t hash_long(uint64_t word) {
    return static_cast<uint32_t>(word * 0x9e3779b97f4a7c15 >> (64 - kHashBits));
  }
  class Output;
  void start_block();

  std::array<uint32_t, 3> history_{};  // the offsets a decoder remembers, the last one first
  std::array<Sequence, kMaxSequences> sequences_{};
  std::array<uint32_t, 3> history_before_{};  // the last block
  size_t count_ = 0;
  size_t literals_size_ = 0;
  std::array<uint16_t, 1 << kHashBits> seen_{};  // where a word was last, by its hash
  alignas(uint64_t) std::array<uint8_t, kMargin + kBlockBytes + kMargin> block_{};
  std::array<uint8_t, kBlockBytes + kMargin> literals_{};
};

}  // namespace kdump
