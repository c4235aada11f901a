#include "filter/dump/zero_page.h"

namespace kdump {

// Blocks of 64 bytes without a branch inside, so that the compiler makes vectors of them; the
// first block decides for nearly every page that is not zero.
bool is_zero_page(Bytes page) {
  constexpr size_t kWords = 8;
  for (size_t at = 0; at < page.size(); at += kWords * sizeof(uint64_t)) {
    uint64_t words[kWords];
    memcpy(words, page.data() + at, sizeof words);
    uint64_t any = 0;
    for (const uint64_t word : words) any |= word;
    if (any != 0) return false;
  }
  return true;
}

// The page equals itself one word on: memcmp is as fast as reading, and ends at the first
// difference.
bool is_repeated_word(Bytes page) {
  constexpr size_t kWord = sizeof(uint64_t);
  return memcmp(page.data(), page.data() + kWord, page.size() - kWord) == 0;
}

}  // namespace kdump
