// Compresses single pages to zstd frames, one frame for each page, in memory that is allocated
// once.
#pragma once

#include <memory>

#include "filter/base/aligned_buffer.h"
#include "filter/zstd_page/page_encoder.h"

struct ZSTD_CCtx_s;

namespace kdump {

class PageCompressor {
 public:
  // Allocates memory for every level up to max_level, which is clamped to zstd's highest level.
  // Fails: io, without memory.
  static Result<PageCompressor> create(int max_level, uint32_t page_size);

  // Returns the size of the frame, or 0 if it is not smaller than the page. out: page.size() bytes.
  // level: at most max_level; 2 and above is zstd's, 1 and below uses the faster PageEncoder. The
  // frame depends on the page and the level alone.
  size_t compress(Bytes page, int level, MutableBytes out);

 private:
  explicit PageCompressor(std::unique_ptr<PageEncoder> encoder) : encoder_(std::move(encoder)) {}
  Result<> prepare_zstd(int max_level, uint32_t page_size);

  std::unique_ptr<PageEncoder> encoder_;
  AlignedBuffer workspace_;
  ZSTD_CCtx_s* context_ = nullptr;  // lies in workspace_
  int level_ = 0;                   // current level of context_
};

}  // namespace kdump
