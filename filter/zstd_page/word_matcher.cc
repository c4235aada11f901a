// Words of four bytes at aligned places are looked up: first at the distances of the last two
// matches, then where the same word was last seen. Text is looked up at every byte, and so is all
// where size counts more than time. Matches grow byte by byte to both sides, so nothing is lost at
// their ends. The longer nothing is found, the larger the steps.
#include "filter/zstd_page/word_matcher.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>

namespace kdump {
namespace {

constexpr size_t kWord = 4;
// Bytes looked up by Search::every_byte: a new offset costs more than a shorter match saves.
constexpr size_t kLongWord = 5;
// After this many misses in a row the step grows by one word, or one byte.
constexpr unsigned kMissesLog = 5, kMissesLogOfBytes = 7;
// After this many misses a new offset needs a match of six bytes instead of four: data with few
// repetitions takes most of the time and hardly shrinks.
constexpr uint32_t kManyMisses = 8;
constexpr size_t kWordAfterMisses = 6;

uint64_t load8(const uint8_t* at) { return load<uint64_t>(at); }
bool same_word(uint64_t difference) { return static_cast<uint32_t>(difference) == 0; }

// Eight bytes none of which is 0 or beyond ASCII: strings, which lie at any byte.
bool is_text(uint64_t bytes) {
  constexpr uint64_t kHigh = 0x8080808080808080, kLow = 0x0101010101010101;
  return ((bytes | ((bytes - kLow) & ~bytes)) & kHigh) == 0;
}

// How many bytes, kStride at most, are the same at both places.
constexpr uint32_t kStride = 32;
uint32_t same_bytes(const uint8_t* a, const uint8_t* b) {
#ifdef __SSE2__
  // Without a branch: how long a match is cannot be foretold.
  const auto same = [&](size_t i) {
    const auto* const of_a = reinterpret_cast<const __m128i*>(a + i);
    const auto* const of_b = reinterpret_cast<const __m128i*>(b + i);
    return static_cast<uint32_t>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(of_a), _mm_loadu_si128(of_b))));
  };
  return static_cast<uint32_t>(std::countr_one(same(0) | same(16) << 16));
#else
  for (uint32_t i = 0; i < kStride; i += sizeof(uint64_t))
    if (const uint64_t difference = load8(a + i) ^ load8(b + i); difference != 0)
      return i + static_cast<uint32_t>(std::countr_zero(difference)) / 8;
  return kStride;
#endif
}

// Where the match at `at` ends; up to kStride bytes beyond `end`, where all is the same up to
// there.
const uint8_t* match_end(const uint8_t* at, uint32_t offset, const uint8_t* end) {
  uint32_t same;
  do at += same = same_bytes(at, at - offset);
  while (same == kStride && at < end);
  return at;
}

}  // namespace

// What was found so far. Of its own, so that all of it stays in registers: as members, the places
// written to might be these.
class WordMatcher::Output {
 public:
  explicit Output(WordMatcher& to)
      : to_(to),
        sequence_(to.sequences_.data()),
        literals_(to.literals_.data()),
        last_(to.history_[0]),
        second_(to.history_[1]),
        third_(to.history_[2]) {}
  ~Output() {
    to_.count_ = static_cast<size_t>(sequence_ - to_.sequences_.data());
    to_.literals_size_ = static_cast<size_t>(literals_ - to_.literals_.data());
    to_.history_ = {last_, second_, third_};
  }

  void add_literals(const uint8_t* from, uint32_t count) {
    memcpy(literals_, from, kCopyBytes);
    for (uint32_t i = kCopyBytes; i < count; i += kCopyBytes)
      memcpy(literals_ + i, from + i, kCopyBytes);
    literals_ += count;
  }
  void add(const uint8_t* literals, uint32_t count, uint32_t length, uint32_t offset) {
    add_literals(literals, count);
    *sequence_++ = Sequence::make(count, length, offset_value(offset, count == 0));
  }

 private:
  static constexpr uint32_t kCopyBytes = 32;

  // A decoder that has just copied no literals takes the values to mean other offsets.
  uint32_t offset_value(uint32_t offset, bool no_literals) {
    const bool is_last = offset == last_, is_second = offset == second_,
               is_third = offset == third_;
    const bool stays = is_last && !no_literals;
    uint32_t value = offset + 3;
    value = is_third ? 3u - no_literals : value;
    value = is_second ? 2u - no_literals : value;
    value = stays ? 1u : value;
    third_ = stays || is_second ? third_ : second_;
    second_ = stays ? second_ : last_;
    last_ = offset;
    return value;
  }

  WordMatcher& to_;
  Sequence* sequence_;
  uint8_t* literals_;
  uint32_t last_, second_, third_;  // the offsets a decoder remembers
};

void WordMatcher::start_block() {
  history_before_ = history_;
  count_ = literals_size_ = 0;
}

template <bool kEveryByte>
void WordMatcher::find(Bytes block) {
  uint8_t* const begin = block_.data() + kMargin;
  memcpy(begin, block.data(), kBlockBytes);
  memset(seen_.data(), 0, sizeof seen_[0] << (kEveryByte ? kHashBits : kHashBitsOfWords));
  start_block();

  Output out(*this);
  const uint8_t* const end = begin + kBlockBytes;
  const uint8_t* done = begin;  // before it all is literals or matched
  uint32_t offset1 = 8, offset2 = 4;
  uint32_t misses = 0;
  // Of the eight bytes loaded, these bits need not be the same where a word was seen. At the end
  // of the block they come from the margin, which is zeros, and what matches ends with the block.
  constexpr unsigned kIgnored = 64 - 8 * (kEveryByte ? kLongWord : kWord);
  for (const uint8_t* at = begin + 8; at <= end - (kEveryByte ? kLongWord : kWord);) {
    const uint64_t here = load8(at);
    uint16_t& seen =
        seen_[kEveryByte ? hash_long(here << kIgnored) : hash(static_cast<uint32_t>(here))];
    const uint8_t* const before = begin + seen;
    seen = static_cast<uint16_t>(at - begin);

    uint32_t offset = offset1;
    if (!same_word(here ^ load8(at - offset1))) {
      const bool second = same_word(here ^ load8(at - offset2));
      const unsigned ignored =
          kEveryByte || misses < kManyMisses ? kIgnored : 64 - 8 * kWordAfterMisses;
      if (!second && ((here ^ load8(before)) << ignored) != 0) {
        if (kEveryByte) {
          at += 1 + (misses++ >> kMissesLogOfBytes);
        } else if (is_text(here)) [[unlikely]] {
          // A branch: the next load would wait for a choice without one.
          at += 1;
        } else {
          at += kWord + (misses++ >> kMissesLog) * kWord;
        }
        continue;
      }
      offset = second ? offset2 : static_cast<uint32_t>(at - before);
      // The last distance takes far fewer bits than a new one, so it is worth a literal.
      if (kEveryByte && !second && same_word(load8(at + 1) ^ load8(at + 1 - offset1))) {
        ++at;
        offset = offset1;
      }
    }

    const uint8_t* const match_to = match_end(at, offset, end);
    const auto same_before =
        static_cast<uint32_t>(std::countl_zero((load8(at - 8) ^ load8(at - offset - 8)) | 1) / 8);
    const auto room = static_cast<uint32_t>(std::min(at - done, at - offset - begin));
    const uint8_t* const match_from = at - std::min(same_before, room);
    out.add(done, static_cast<uint32_t>(match_from - done),
            static_cast<uint32_t>(std::min(match_to, end) - match_from), offset);
    offset2 = offset == offset1 ? offset2 : offset1;
    offset1 = offset;
    done = match_to;
    misses = 0;
    at = kEveryByte ? match_to : match_to + (-reinterpret_cast<uintptr_t>(match_to) & (kWord - 1));
  }
  if (done < end) out.add_literals(done, static_cast<uint32_t>(end - done));
}

void WordMatcher::match(Bytes block, Search search) {
  if (search == Search::every_byte)
    find<true>(block);
  else
    find<false>(block);
}

void WordMatcher::match_repeated_word(Bytes block) {
  constexpr uint32_t kRepeated = 8;
  start_block();
  Output(*this).add(block.data(), kRepeated, kBlockBytes - kRepeated, kRepeated);
}

}  // namespace kdump
