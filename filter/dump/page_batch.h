// A group of pages between the PageSource and the dump. The caller's thread reads it, a worker
// thread compresses it, the caller's thread writes it. compress_pipeline.h ensures that only one
// thread uses a batch at a time.
#pragma once

#include <vector>

#include "filter/base/aligned_buffer.h"
#include "filter/dump/page_compressor.h"
#include "filter/pages/page_source.h"

namespace kdump {

struct PageBatch {
  // The stored form of a page.
  enum class Form : uint8_t {
    unreadable,  // not stored
    zero,        // a reference to the one stored page of zeros
    plain,       // uncompressed: compression is off or saves nothing
    compressed,
  };
  struct Page {
    uint32_t index = 0;  // in the window
    Form form = Form::unreadable;
    uint32_t offset = 0;  // of its bytes in `pages` or `frames`
    uint32_t size = 0;    // of the stored bytes
  };

  // Allocates the buffers. Fails: io, without memory.
  static Result<PageBatch> create(uint32_t capacity, uint32_t page_size, bool compressing);

  // Reads at most max_pages pages from `pfn` on, page `index` of its window, until the batch is
  // full. Returns the number of pages read, at least 1. Detects pages of zeros while they are in
  // the cache: they take no space in the batch, and the workers skip them.
  uint32_t read(PageSource& source, Pfn pfn, uint32_t index, uint32_t max_pages);
  bool is_full() const { return count == capacity || page.size() == page.capacity(); }
  void clear();

  // Returns the bytes to store for that page; empty for a page stored by reference.
  Bytes content(const Page& page) const;

  uint32_t capacity = 0;  // in pages with bytes
  uint32_t page_size = 0;
  uint32_t count = 0;             // used of capacity
  int level = 1;                  // compression level, chosen by the code that fills the batch
  AlignedBuffer pages;            // capacity pages, as read
  AlignedBuffer frames;           // compressed pages, contiguous; empty if not compressing
  std::vector<uint8_t> readable;  // capacity entries, as PageSource::read_pages fills them
  std::vector<Page> page;         // all pages read, in order
};

// Compresses the pages that get smaller by it. compressor: nullptr stores pages uncompressed. Pure:
// the result depends on the pages and the level alone.
void compress_batch(PageBatch& batch, PageCompressor* compressor);

}  // namespace kdump
