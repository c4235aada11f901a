#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_initStaticDCtx: no allocation whatever a frame asks for
#include "filter/dump_file/page_decoder.h"

#include <zstd.h>

#include "filter/dump_file/decode_output.h"
#include "filter/dump_file/kdump_format.h"
#include "filter/dump_file/peer_decoders.h"

namespace kdump {

PageDecoder::PageDecoder()
    : workspace_((ZSTD_estimateDCtxSize() + 7) / 8),
      context_(ZSTD_initStaticDCtx(workspace_.data(), workspace_.size() * 8)) {}

const char* PageDecoder::decode(uint32_t compression, Bytes stored, MutableBytes out) {
  switch (compression) {
    case 0:
      if (stored.size() != out.size()) return "it is not compressed, but no whole page";
      memcpy(out.data(), stored.data(), out.size());
      return nullptr;
    case kdump_format::kCompressedZstd:
      return decode_zstd(stored, out);
    case kdump_format::kCompressedZlib:
      return decode_zlib(stored, out);
    case kdump_format::kCompressedLzo:
      return decode_lzo(stored, out);
    case kdump_format::kCompressedSnappy:
      return decode_snappy(stored, out);
    default:
      return "its flags name several compressions";
  }
}

const char* PageDecoder::decode_zstd(Bytes frame, MutableBytes out) {
  const size_t size =
      ZSTD_decompressDCtx(context_, out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(size)) return ZSTD_getErrorName(size);
  return size == out.size() ? nullptr : kLessThanAPage;
}

}  // namespace kdump
