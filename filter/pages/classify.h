// Determines the class of each page frame from the bytes of its struct page. The innermost loop of
// the program; pure: no I/O, no allocation, and output depends on the input alone.
//
// Not here: the addresses of struct pages (kernel/memory/mem_map.h) and their layout on this kernel
// (kernel/memory/page_layout.h). Source: include/linux/page-flags.h, mm/page_alloc.c.
#pragma once

#include <span>

#include "filter/base/address.h"
#include "filter/base/bytes.h"
#include "filter/kernel/memory/page_layout.h"
#include "filter/pages/page_class.h"

namespace kdump {

// A free block or compound page, which covers later page frames and may continue in the next call.
struct PageExtent {
  enum class Kind : uint8_t { none, block, compound };
  Kind kind = Kind::none;
  PageClass page_class = PageClass::other;
  uint64_t end_pfn = 0;    // one past the last page frame it covers
  uint64_t tail_word = 0;  // compound: the value of compound_head in each of its tails
};

struct ClassifyState {
  PageExtent extent;
  // Counts so far, which show whether the layout is right.
  uint64_t contradictions = 0;  // struct pages with contradictory fields
  uint64_t refused_blocks = 0;  // free blocks with an invalid order or alignment
  uint64_t compound = 0, compound_without_order = 0;
  uint64_t anonymous = 0, anonymous_listed = 0;  // those on an LRU list
};

// Classifies consecutive struct pages.
// pages:  out.size() * layout.size bytes; page i describes page frame first + i.
// state:  of the call for the preceding page frames, or empty; updated.
// The order and kind of a compound page are in the struct page after its head. A head at the end of
// `pages` is taken for a single page, so calls should end before an even page frame.
// Fails: corrupt, if pages.size() is not that product.
Result<> classify(Bytes pages, Pfn first, const PageLayout& layout, ClassifyState& state,
                  std::span<PageClass> out);

}  // namespace kdump
