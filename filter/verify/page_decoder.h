// Whether what a dump holds of a page decompresses to one: libzstd's decoder, as the readers of
// dumps have it, for what either of our encoders has written. What the page should be nobody can
// tell but SHA256SUMS.
#pragma once

#include <vector>

#include "filter/base/bytes.h"

struct ZSTD_DCtx_s;

namespace kdump {

class PageDecoder {
 public:
  PageDecoder();

  // frame: hostile. nullptr: it becomes exactly page_bytes; else what is wrong, in zstd's words.
  const char* fault_of(Bytes frame, size_t page_bytes);

 private:
  std::vector<uint64_t> workspace_;  // zstd wants it aligned to 8 bytes
  ZSTD_DCtx_s* context_;             // lies in workspace_
  std::vector<uint8_t> page_;
};

}  // namespace kdump
