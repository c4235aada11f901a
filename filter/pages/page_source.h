// What a dump writer needs of the crashed machine's memory: which pages there are, which of them
// are wanted, and their bytes. The real one is PageSelection (page_selection.h), over a vmcore;
// the writers' tests bring small ones of their own.
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
