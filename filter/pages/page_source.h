// What a dump writer needs of the crashed machine's memory: which pages there are, which of them
// are wanted, and their bytes. The real one is PageSelection (page_selection.h), over a vmcore;
// the writers' tests bring small ones of their own.
#pragma once

#include <array>
#include <cstdint>

#include "filter/base/address.h"
#include "filter/base/bytes.h"

namespace kdump {

// Memory is taken a window of this many page frames at a time: 1 GiB at 4 KiB pages. A bitmap of
// it is 32 KiB; free blocks and huge pages of x86_64 are aligned inside it.
constexpr uint32_t kWindowPages = 1u << 18;

// One bit a page of a window, bit i%8 of byte i/8: the order kdump-compressed bitmaps use.
using PageBits = std::array<uint8_t, kWindowPages / 8>;

inline bool test_bit(const PageBits& bits, uint32_t i) { return bits[i / 8] >> (i % 8) & 1; }
inline void set_bit(PageBits& bits, uint32_t i) {
  bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | 1u << (i % 8));
}
inline void clear_bit(PageBits& bits, uint32_t i) {
  bits[i / 8] = static_cast<uint8_t>(bits[i / 8] & ~(1u << (i % 8)));
}

// Sets the bits of pages [begin, end).
inline void set_bits(std::span<uint8_t> bits, uint32_t begin, uint32_t end) {
  if (begin >= end) return;
  const uint32_t first = begin / 8, last = (end - 1) / 8;
  const auto from = static_cast<uint8_t>(0xff << begin % 8);
  const auto to = static_cast<uint8_t>(0xff >> (7 - (end - 1) % 8));
  if (first == last) {
    bits[first] = static_cast<uint8_t>(bits[first] | (from & to));
    return;
  }
  bits[first] = static_cast<uint8_t>(bits[first] | from);
  memset(bits.data() + first + 1, 0xff, last - first - 1);
  bits[last] = static_cast<uint8_t>(bits[last] | to);
}

class PageSource {
 public:
  virtual ~PageSource() = default;

  virtual uint32_t page_size() const = 0;  // bytes, a power of two, 4096 to 65536
  virtual Pfn end_pfn() const = 0;         // one past the highest page frame
  // The first window at or after `at` that has RAM; at or beyond end_pfn() if none has. Memory can
  // lie at addresses of 2^51 and be small: whoever walks it steps from one such window to the next.
  virtual Pfn next_window(Pfn at) const = 0;

  // first: a multiple of kWindowPages. Overwrites both: ram, the pages that exist in the vmcore;
  // kept, the subset that the level keeps. Pages of zeros are not looked for here.
  // Fails only if nothing can be said of the window at all; what is doubtful is kept.
  virtual Result<> select(Pfn first, PageBits& ram, PageBits& kept) = 0;

  // Copies the pages [first, first + readable.size()) to out, which holds that many pages.
  // A page that cannot be read becomes zeros with readable[i] = 0, and is counted; others get 1.
  // Thread-safe: no. Called by one thread at a time.
  virtual void read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) = 0;
};

}  // namespace kdump
