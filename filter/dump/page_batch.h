// A handful of pages on their way from the PageSource to the dump: read by one thread, turned
// into what will be stored by perhaps another, written by the first. No thread shares one with
// another at the same time; compress_pipeline.h sees to that.
#pragma once

#include <vector>

#include "filter/base/aligned_buffer.h"
#include "filter/dump/page_compressor.h"
#include "filter/pages/page_source.h"

namespace kdump {

struct PageBatch {
  // How a page is stored.
  enum class Form : uint8_t {
    unreadable,  // not at all
    zero,        // by reference to the one stored page of zeros
    plain,       // as it is: compression is off or does not help
    compressed,
  };
  struct Page {
    uint32_t index = 0;  // in the window
    Form form = Form::unreadable;
    uint32_t offset = 0;  // where its bytes lie in `pages` or `frames`
    uint32_t size = 0;    // of what is stored
  };

  static Result<PageBatch> create(uint32_t capacity, uint32_t page_size, bool compressing);

  // For one page after the other, until it is full: takes in at most `most` pages of a run that
  // begins with `pfn`, the index-th of its window; gives how many, at least one. Pages of zeros are
  // told here, while they are at hand: they take no room, and no other thread has to look at them.
  uint32_t read(PageSource& source, Pfn pfn, uint32_t index, uint32_t most);
  bool is_full() const { return count == capacity || page.size() == page.capacity(); }
  void clear();

  // The bytes to store for that page; empty for a page that shares another's data.
  Bytes content(const Page& page) const;

  uint32_t capacity = 0;  // of pages that have bytes
  uint32_t page_size = 0;
  uint32_t count = 0;             // of them in use
  int level = 1;                  // compression level, chosen by the code that fills the batch
  AlignedBuffer pages;            // capacity pages, as read
  AlignedBuffer frames;           // compressed pages one after the other; empty if not compressing
  std::vector<uint8_t> readable;  // capacity entries, as PageSource::read_pages fills them
  std::vector<Page> page;         // all that were read, in order
};

// Compresses what shrinks by it. compressor: nullptr stores pages as they are. Pure computation:
// what it gives depends on the pages and the level alone.
void compress_batch(PageBatch& batch, PageCompressor* compressor);

}  // namespace kdump
