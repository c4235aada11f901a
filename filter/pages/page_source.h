// The input of a dump writer: the existing pages, the kept pages and their contents. Implemented by
// PageSelection (page_selection.h) for a vmcore, and by small fakes in the writers' tests.
#pragma once

#include <cstdint>

#include "filter/base/address.h"
#include "filter/base/bytes.h"
#include "filter/core_file/window.h"

namespace kdump {

class PageSource {
 public:
  virtual ~PageSource() = default;

  virtual uint32_t page_size() const = 0;  // bytes, a power of two, 4096 to 65536
  virtual Pfn end_pfn() const = 0;         // one past the highest page frame
  // Returns the first window at or after `at` with RAM; at or beyond end_pfn() if there is none.
  // Callers step from window to window with it, because little memory may lie at addresses up to
  // 2^51.
  virtual Pfn next_window(Pfn at) const = 0;

  // Sets the bitmaps of a window. first: a multiple of kWindowPages. ram: pages that the vmcore
  // contains. kept: the subset that the level keeps, pages of zeros included. A page in doubt is
  // kept; fails only if nothing is known about the window.
  virtual Result<> select(Pfn first, PageBits& ram, PageBits& kept) = 0;

  // Copies the pages [first, first + readable.size()) to `out`, which holds as many. A page that
  // cannot be read becomes zeros, sets readable[i] = 0 and is counted; other pages set 1.
  // Not thread-safe.
  virtual void read_pages(Pfn first, MutableBytes out, std::span<uint8_t> readable) = 0;
};

}  // namespace kdump
