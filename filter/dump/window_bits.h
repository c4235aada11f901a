// Searches the bitmaps of one window of page frames, 64 bits at a time.
#pragma once

#include <algorithm>
#include <bit>

#include "filter/pages/page_source.h"

namespace kdump {

inline uint64_t load_bits64(const PageBits& bits, uint32_t word) {
  return load<uint64_t>(bits.data() + word * sizeof(uint64_t));
}

// Returns the first page at or after `from` whose bit is `value`; kWindowPages if there is none.
inline uint32_t next_page(const PageBits& bits, uint32_t from, bool value) {
  while (from < kWindowPages) {
    uint64_t word = load_bits64(bits, from / 64);
    if (!value) word = ~word;
    word >>= from % 64;
    if (word != 0) return from + static_cast<uint32_t>(std::countr_zero(word));
    from = (from / 64 + 1) * 64;
  }
  return kWindowPages;
}

// Returns the number of bits set at or after `from`.
inline uint64_t count_pages(const PageBits& bits, uint32_t from = 0) {
  uint64_t count = 0;
  for (; from % 64 != 0 && from < kWindowPages; ++from) count += test_bit(bits, from);
  for (; from < kWindowPages; from += 64) count += std::popcount(load_bits64(bits, from / 64));
  return count;
}

// A window of a PageSource, cut so that no page lies beyond the end and no page is kept that is not
// RAM. Writers rely on both.
struct Window {
  Pfn first;
  PageBits ram;
  PageBits kept;

  // Selects the window at `at`. Fails as the PageSource does.
  Result<> select(PageSource& pages, Pfn at) {
    first = at;
    TRY(pages.select(at, ram, kept));
    const uint64_t left = pages.end_pfn().value - at.value;
    for (uint32_t i = 0; i < ram.size(); ++i) {
      const uint64_t before = uint64_t{i} * 8;
      const unsigned valid =
          before >= left ? 0 : static_cast<unsigned>(std::min<uint64_t>(left - before, 8));
      ram[i] = static_cast<uint8_t>(ram[i] & ((1u << valid) - 1));
      kept[i] &= ram[i];
    }
    return {};
  }
};

}  // namespace kdump
