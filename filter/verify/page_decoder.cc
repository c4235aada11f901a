#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_initStaticDCtx: no allocation whatever a frame asks for
#include "filter/verify/page_decoder.h"

#include <zstd.h>

namespace kdump {

PageDecoder::PageDecoder()
    : workspace_((ZSTD_estimateDCtxSize() + 7) / 8),
      context_(ZSTD_initStaticDCtx(workspace_.data(), workspace_.size() * 8)) {}

const char* PageDecoder::fault_of(Bytes frame, size_t page_bytes) {
  page_.resize(page_bytes);
  const size_t size =
      ZSTD_decompressDCtx(context_, page_.data(), page_.size(), frame.data(), frame.size());
  if (ZSTD_isError(size)) return ZSTD_getErrorName(size);
  return size == page_bytes ? nullptr : "less than a page";
}

}  // namespace kdump
