// zstd with a static workspace: no allocation after the start, none that could fail halfway. The
// frames are the smallest that every reader takes: content size (2 bytes, crash and libkdumpfile
// never need a streaming decoder), no checksum, no dictionary.
#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_initStaticCCtx and the sizes it needs
#include "filter/dump/page_compressor.h"

#include <zstd.h>

#include <algorithm>
#include <vector>

namespace kdump {

Result<PageCompressor> PageCompressor::create(int max_level, uint32_t page_size) {
  const int level = std::clamp(max_level, ZSTD_minCLevel(), ZSTD_maxCLevel());
  // The parameters zstd itself derives once it knows that the input is one page. A lower level can
  // need more than a higher one.
  size_t size = 0;
  for (int each = std::min(level, 0); each <= level; ++each) {
    const size_t one = ZSTD_estimateCCtxSize_usingCParams(ZSTD_getCParams(each, page_size, 0));
    if (ZSTD_isError(one))
      return fail(Kind::unsupported, "zstd level %d: %s", each, ZSTD_getErrorName(one));
    size = std::max(size, one);
  }
  AlignedBuffer workspace = TRY(AlignedBuffer::allocate(size, "zstd workspace"));
  ZSTD_CCtx* context = ZSTD_initStaticCCtx(workspace.data(), workspace.size());
  if (context == nullptr)
    return fail(Kind::unsupported, "zstd refuses a workspace of %zu bytes", workspace.size());
  if (const size_t set = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
      ZSTD_isError(set))
    return fail(Kind::unsupported, "zstd level %d: %s", level, ZSTD_getErrorName(set));

  // A workspace that is too small shows only on use; then every page would silently stay
  // uncompressed. A page of zeros must shrink.
  PageCompressor compressor(std::move(workspace), context, level);
  const std::vector<uint8_t> zeros(page_size);
  std::vector<uint8_t> frame(page_size);
  if (compressor.compress(zeros, level, frame) == 0)
    return fail(Kind::unsupported, "zstd level %d does not work in %zu bytes", level,
                compressor.workspace_.size());
  return compressor;
}

size_t PageCompressor::compress(Bytes page, int level, MutableBytes out) {
  if (level != level_) {
    if (ZSTD_isError(ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level))) return 0;
    level_ = level;
  }
  const size_t size =
      ZSTD_compress2(context_, out.data(), page.size() - 1, page.data(), page.size());
  return ZSTD_isError(size) ? 0 : size;
}

}  // namespace kdump
