// Decompresses what a kdump-compressed file holds of a page: zstd with libzstd's decoder, as the
// readers of dumps do, and what other programs write (peer_decoders.h). What the page should be
// only checksums can say.
#pragma once

#include <vector>

#include "filter/base/bytes.h"

struct ZSTD_DCtx_s;

namespace kdump {

class PageDecoder {
 public:
  PageDecoder();

  // compression: one of kdump_format's flags, or 0: the page as it is. stored: hostile.
  // Returns nullptr if it becomes exactly out.size() bytes; else what is wrong.
  const char* decode(uint32_t compression, Bytes stored, MutableBytes out);

 private:
  const char* decode_zstd(Bytes frame, MutableBytes out);

  std::vector<uint64_t> workspace_;  // zstd wants it aligned to 8 bytes
  ZSTD_DCtx_s* context_;             // lies in workspace_
};

}  // namespace kdump
