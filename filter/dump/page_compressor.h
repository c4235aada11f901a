// Compresses single pages to zstd frames, one frame a page, in memory that is taken once. Knows
// nothing of dumps or files.
#pragma once

#include "filter/dump/aligned_buffer.h"

struct ZSTD_CCtx_s;

namespace kdump {

class PageCompressor {
 public:
  // level: zstd's; what lies outside its range becomes the nearest end of it.
  static Result<PageCompressor> create(int level, uint32_t page_size);

  // The frame's size, or 0 where it would not be smaller than the page: out holds page.size()
  // bytes. The same page always gives the same frame, whatever came before.
  size_t compress(Bytes page, MutableBytes out);

 private:
  PageCompressor(AlignedBuffer workspace, ZSTD_CCtx_s* context)
      : workspace_(std::move(workspace)), context_(context) {}

  AlignedBuffer workspace_;
  ZSTD_CCtx_s* context_;  // lies in workspace_
};

}  // namespace kdump
