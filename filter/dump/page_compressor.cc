// The choice between zstd and the encoder of our own. zstd has a static workspace: no allocation
// after the start, none that could fail halfway. The frames are the smallest that every reader
// takes: content size (2 bytes, crash and libkdumpfile never need a streaming decoder), no
// checksum, no dictionary.
#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_initStaticCCtx and the sizes it needs
#include "filter/dump/page_compressor.h"

#include <zstd.h>

#include <algorithm>
#include <vector>

#include "filter/dump/zero_page.h"

namespace kdump {
namespace {

// Below it are the levels of PageEncoder, whose 1 is as small as zstd's.
constexpr int kMinOfZstd = 2;

}  // namespace

Result<PageCompressor> PageCompressor::create(int max_level, uint32_t page_size) {
  PageCompressor compressor(std::make_unique<PageEncoder>());
  if (max_level >= kMinOfZstd) TRY(compressor.prepare_zstd(max_level, page_size));
  return compressor;
}

Result<> PageCompressor::prepare_zstd(int max_level, uint32_t page_size) {
  // The parameters zstd itself derives once it knows that the input is one page. A lower level can
  // need more than a higher one.
  max_level = std::min(max_level, ZSTD_maxCLevel());
  size_t size = 0;
  for (int level = kMinOfZstd; level <= max_level; ++level) {
    const size_t one = ZSTD_estimateCCtxSize_usingCParams(ZSTD_getCParams(level, page_size, 0));
    if (ZSTD_isError(one))
      return fail(Kind::unsupported, "zstd level %d: %s", level, ZSTD_getErrorName(one));
    size = std::max(size, one);
  }
  workspace_ = TRY(AlignedBuffer::allocate(size, "zstd workspace"));
  context_ = ZSTD_initStaticCCtx(workspace_.data(), workspace_.size());
  if (context_ == nullptr)
    return fail(Kind::unsupported, "zstd: invalid workspace of %zu bytes", workspace_.size());

  // A workspace that is too small shows only on use; then every page would silently stay
  // uncompressed. A page of zeros must shrink; with one byte that is none it is zstd that shrinks
  // it.
  std::vector<uint8_t> page(page_size), frame(page_size);
  page.back() = 1;
  if (compress(page, max_level, frame) == 0)
    return fail(Kind::unsupported, "zstd level %d needs more than %zu bytes", max_level,
                workspace_.size());
  return {};
}

size_t PageCompressor::compress(Bytes page, int level, MutableBytes out) {
  if (is_repeated_word(page)) return encoder_->encode_repeated_word(page, out);
  if (level < kMinOfZstd)
    return encoder_->encode(page, level < 1 ? PageEncoder::Aim::fast : PageEncoder::Aim::small,
                            out);
  if (level != level_) {
    if (ZSTD_isError(ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level))) return 0;
    level_ = level;
  }
  const size_t size =
      ZSTD_compress2(context_, out.data(), page.size() - 1, page.data(), page.size());
  return ZSTD_isError(size) ? 0 : size;
}

}  // namespace kdump
