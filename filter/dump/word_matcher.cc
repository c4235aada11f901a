// Words of four bytes at aligned places are looked up: first at the distances of the last two
// matches, then where the same word was last seen. Text is looked up at every byte, and so is all
// where size counts more than time. Matches grow byte by byte to both sides, so nothing is lost at
// their ends. The longer nothing is found, the larger the steps.
#include "filter/dump/word_matcher.h"

#include <algorithm>

namespace kdump {
namespace {

constexpr size_t kWord = 4;
// What is looked up where every byte is: a new distance costs more than a shorter match saves.
constexpr size_t kLongWord = 5;
// After so many misses in a row a step is one word longer, or one byte.
constexpr unsigned kMissesLog = 5, kMissesLogOfBytes = 7;
// Nothing is looked up so near the end: loads of eight bytes stay inside.
constexpr size_t kEnd = 16;

uint64_t load8(const uint8_t* at) { return load<uint64_t>(at); }
bool same_word(uint64_t difference) { return static_cast<uint32_t>(difference) == 0; }

// Eight bytes none of which is 0 or beyond ASCII: strings, which lie at any byte.
bool is_text(uint64_t bytes) {
  constexpr uint64_t kHigh = 0x8080808080808080, kLow = 0x0101010101010101;
  return ((bytes | ((bytes - kLow) & ~bytes)) & kHigh) == 0;
}

// Where the match at `at` ends. difference: of the first eight bytes.
const uint8_t* match_end(const uint8_t* at, uint32_t offset, uint64_t difference,
                         const uint8_t* end) {
  while (difference == 0) {
    at += sizeof(uint64_t);
    if (at + sizeof(uint64_t) > end) {
      while (at < end && *at == at[-ptrdiff_t{offset}]) ++at;
      return at;
    }
    difference = load8(at) ^ load8(at - offset);
  }
  return at + std::countr_zero(difference) / 8;
}

}  // namespace

// A decoder that has just copied no literals takes the values to mean other offsets.
inline uint32_t WordMatcher::offset_value(uint32_t offset, bool no_literals) {
  const bool first = offset == history_[0] && !no_literals;
  const bool second = offset == history_[1];
  const bool third = offset == history_[2];
  uint32_t value = offset + 3;
  value = third ? 3u - no_literals : value;
  value = second ? 2u - no_literals : value;
  value = first ? 1u : value;
  history_[2] = first || second ? history_[2] : history_[1];
  history_[1] = first ? history_[1] : history_[0];
  history_[0] = offset;
  return value;
}

inline void WordMatcher::add_literals(const uint8_t* from, uint32_t count) {
  uint8_t* to = literals_.data() + literals_size_;
  for (uint32_t i = 0; i == 0 || i < count; i += 16) memcpy(to + i, from + i, 16);
  literals_size_ += count;
}

inline void WordMatcher::add(const uint8_t* literals, uint32_t count, uint32_t length,
                             uint32_t offset) {
  add_literals(literals, count);
  sequences_[count_++] = Sequence::make(count, length, offset_value(offset, count == 0));
}

void WordMatcher::start_block() {
  history_before_ = history_;
  count_ = literals_size_ = 0;
}

template <bool kEveryByte>
void WordMatcher::find(Bytes block) {
  uint8_t* const begin = block_.data() + kMargin;
  memcpy(begin, block.data(), kBlockBytes);
  seen_.fill(0);
  start_block();

  const uint8_t* const end = begin + kBlockBytes;
  const uint8_t* done = begin;  // before it all is literals or matched
  uint32_t offset1 = 8, offset2 = 4;
  uint32_t misses = 0;
  // Of the eight bytes loaded, these bits need not be the same where a word was seen.
  constexpr unsigned kIgnored = 64 - 8 * (kEveryByte ? kLongWord : kWord);
  for (const uint8_t* at = begin + 8; at < end - kEnd;) {
    const uint64_t here = load8(at);
    uint16_t& seen =
        seen_[kEveryByte ? hash_long(here << kIgnored) : hash(static_cast<uint32_t>(here))];
    const uint8_t* const before = begin + seen;
    seen = static_cast<uint16_t>(at - begin);

    uint32_t offset = offset1;
    uint64_t difference = here ^ load8(at - offset1);
    if (!same_word(difference)) {
      const uint64_t at_second = here ^ load8(at - offset2);
      const uint64_t at_seen = here ^ load8(before);
      const bool second = same_word(at_second);
      if (!second && (at_seen << kIgnored) != 0) {
        if (kEveryByte)
          at += 1 + (misses++ >> kMissesLogOfBytes);
        else
          at += is_text(here) ? 1 : kWord + (misses++ >> kMissesLog) * kWord;
        continue;
      }
      offset = second ? offset2 : static_cast<uint32_t>(at - before);
      difference = second ? at_second : at_seen;
      // The last distance takes far fewer bits than a new one, so it is worth a literal.
      const uint64_t ahead = load8(at + 1) ^ load8(at + 1 - offset1);
      if (kEveryByte && !second && same_word(ahead)) {
        ++at;
        offset = offset1;
        difference = ahead;
      }
    }

    const uint8_t* const match_to = match_end(at, offset, difference, end);
    const auto same_before =
        static_cast<uint32_t>(std::countl_zero((load8(at - 8) ^ load8(at - offset - 8)) | 1) / 8);
    const auto room = static_cast<uint32_t>(std::min(at - done, at - offset - begin));
    const uint8_t* const match_from = at - std::min(same_before, room);
    add(done, static_cast<uint32_t>(match_from - done),
        static_cast<uint32_t>(match_to - match_from), offset);
    offset2 = offset == offset1 ? offset2 : offset1;
    offset1 = offset;
    done = match_to;
    misses = 0;
    at = kEveryByte ? match_to
                    : begin + (static_cast<size_t>(match_to - begin + kWord - 1) & ~(kWord - 1));
  }
  add_literals(done, static_cast<uint32_t>(end - done));
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
  add(block.data(), kRepeated, kBlockBytes - kRepeated, kRepeated);
}

}  // namespace kdump
