#include "filter/dump/zero_page.h"

namespace kdump {
namespace {

// Blocks without a branch inside, so that the compiler makes vectors of them; the first block
// decides for nearly every page that is not of one word.
bool is_word_repeated(Bytes page, uint64_t word) {
  constexpr size_t kWords = 8;
  for (size_t at = 0; at < page.size(); at += kWords * sizeof(uint64_t)) {
    uint64_t words[kWords];
    memcpy(words, page.data() + at, sizeof words);
    uint64_t unlike = 0;
    for (const uint64_t each : words) unlike |= each ^ word;
    if (unlike != 0) return false;
  }
  return true;
}

}  // namespace

bool is_zero_page(Bytes page) { return is_word_repeated(page, 0); }
bool is_repeated_word(Bytes page) { return is_word_repeated(page, load<uint64_t>(page.data())); }

}  // namespace kdump
