// Compresses single pages to zstd frames, one frame a page, in memory that is taken once. Knows
// nothing of dumps or files.
#pragma once

#include <memory>

#include "filter/base/aligned_buffer.h"
#include "filter/zstd_page/page_encoder.h"

struct ZSTD_CCtx_s;

namespace kdump {

class PageCompressor {
 public:
  // Takes memory enough for every level up to max_level; what lies above zstd's range becomes the
  // end of it.
  static Result<PageCompressor> create(int max_level, uint32_t page_size);

  // The frame's size, or 0 where it would not be smaller than the page: out holds page.size()
  // bytes. level: at most create's; from 2 on zstd's, 1 and below PageEncoder's, which is faster.
  // The same page at the same level always gives the same frame, whatever came before.
  size_t compress(Bytes page, int level, MutableBytes out);

 private:
  explicit PageCompressor(std::unique_ptr<PageEncoder> encoder) : encoder_(std::move(encoder)) {}
  Result<> prepare_zstd(int max_level, uint32_t page_size);

  std::unique_ptr<PageEncoder> encoder_;
  AlignedBuffer workspace_;
  ZSTD_CCtx_s* context_ = nullptr;  // lies in workspace_
  int level_ = 0;                   // that context_ is set to
};

}  // namespace kdump
