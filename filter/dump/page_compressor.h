// Compresses single pages to zstd frames, one frame a page, in memory that is taken once. Knows
// nothing of dumps or files.
#pragma once

#include "filter/dump/aligned_buffer.h"

struct ZSTD_CCtx_s;

namespace kdump {

class PageCompressor {
 public:
  // Takes memory enough for every level up to max_level; what lies outside zstd's range becomes
  // the nearest end of it.
  static Result<PageCompressor> create(int max_level, uint32_t page_size);

  // The frame's size, or 0 where it would not be smaller than the page: out holds page.size()
  // bytes. level: zstd's, at most create's. The same page at the same level always gives the same
  // frame, whatever came before.
  size_t compress(Bytes page, int level, MutableBytes out);

 private:
  PageCompressor(AlignedBuffer workspace, ZSTD_CCtx_s* context, int level)
      : workspace_(std::move(workspace)), context_(context), level_(level) {}

  AlignedBuffer workspace_;
  ZSTD_CCtx_s* context_;  // lies in workspace_
  int level_;             // that context_ is set to
};

}  // namespace kdump
