// Finds repetitions in a block of kernel memory quickly: words that occurred before, first at the
// offset of the last match, since memory consists of arrays of structures. Produces zstd sequences
// (with repeated offsets) and literals.
#pragma once

#include <array>

#include "filter/zstd_page/sequence_code.h"

namespace kdump {

class WordMatcher {
 public:
  // words: at multiples of four bytes. every_byte: slower, finds more.
  enum class Search : uint8_t { words, every_byte };

  // Starts a frame: the decoder's initial repeated offsets.
  void start_frame() { history_ = {1, 4, 8}; }
  // Restores the repeated offsets after a block that is stored without its sequences.
  void forget_block() { history_ = history_before_; }

  // Finds the sequences of a block of kBlockBytes; valid until the next call. Bytes after the last
  // sequence are literals.
  void match(Bytes block, Search search);
  // As match(), for a block that repeats its first eight bytes.
  void match_repeated_word(Bytes block);

  std::span<const Sequence> sequences() const { return std::span(sequences_).first(count_); }
  Bytes literals() const { return Bytes(literals_).first(literals_size_); }

 private:
  template <bool kEveryByte>
  void find(Bytes block);
  // Loads and copies may exceed a block by this many bytes at either end.
  static constexpr size_t kMargin = 64;
  // Search::words needs fewer entries.
  static constexpr unsigned kHashBits = 12, kHashBitsOfWords = 11;

  static uint32_t hash(uint32_t word) { return (word * 2654435761u) >> (32 - kHashBitsOfWords); }
  static uint32_t hash_long(uint64_t word) {
    return static_cast<uint32_t>(word * 0x9e3779b97f4a7c15 >> (64 - kHashBits));
  }
  class Output;
  void start_block();

  std::array<uint32_t, 3> history_{};  // the decoder's repeated offsets, the last one first
  std::array<Sequence, kMaxSequences> sequences_{};
  std::array<uint32_t, 3> history_before_{};  // before the last block
  size_t count_ = 0;
  size_t literals_size_ = 0;
  std::array<uint16_t, 1 << kHashBits> seen_{};  // by hash: the last position of a word
  alignas(uint64_t) std::array<uint8_t, kMargin + kBlockBytes + kMargin> block_{};
  std::array<uint8_t, kBlockBytes + kMargin> literals_{};
};

}  // namespace kdump
