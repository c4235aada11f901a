// What each page frame is, from the bytes of its struct page. The innermost loop of the program,
// and pure: no I/O, no allocation, the same input gives the same output.
//
// Not here: where struct pages lie (kernel/memory/mem_map.h) and what their fields mean on this
// kernel (kernel/memory/page_layout.h). Source: include/linux/page-flags.h; kernel-internal rules
// as in Linux' mm/page_alloc.c.
#pragma once

#include <span>

#include "filter/base/address.h"
#include "filter/base/bytes.h"
#include "filter/kernel/memory/page_layout.h"
#include "filter/pages/page_class.h"

namespace kdump {

// The state that an earlier struct page sets for later ones: a free block or compound page may
// begin in one call and go on in the next.
struct PageExtent {
  enum class Kind : uint8_t { none, block, compound };
  Kind kind = Kind::none;
  PageClass page_class = PageClass::other;
  uint64_t end_pfn = 0;    // one past the last page frame it covers
  uint64_t tail_word = 0;  // compound: what compound_head is in each of its tails
};

struct ClassifyState {
  PageExtent extent;
  // So far; they tell whether the layout is right.
  uint64_t contradictions = 0;  // struct pages that were not believed
  uint64_t refused_blocks = 0;  // free blocks whose order or place cannot be
  uint64_t compound = 0, compound_without_order = 0;
  uint64_t anonymous = 0, anonymous_listed = 0;  // those on an LRU list
};

// Classifies consecutive struct pages.
// pages:  out.size() * layout.size bytes; page i describes page frame first + i.
// state:  from the call for the page frames before first, or empty; updated.
// A compound page's order and kind stand in the struct page after its head: a head that comes last
// is taken for a single page, so calls should end before an even page frame.
// Fails: corrupt, if pages.size() is not that product.
Result<> classify(Bytes pages, Pfn first, const PageLayout& layout, ClassifyState& state,
                  std::span<PageClass> out);

}  // namespace kdump
