// Checks that a stored frame decompresses to one page, with libzstd's decoder, as readers of dumps
// do. It cannot check the contents of the page; SHA256SUMS can.
#pragma once

#include <vector>

#include "filter/base/bytes.h"

struct ZSTD_DCtx_s;

namespace kdump {

class PageDecoder {
 public:
  PageDecoder();

  // Decompresses `frame`, which is hostile. Returns nullptr if it yields exactly page_bytes, else
  // zstd's error text.
  const char* fault_of(Bytes frame, size_t page_bytes);

 private:
  std::vector<uint64_t> workspace_;  // zstd wants it aligned to 8 bytes
  ZSTD_DCtx_s* context_;             // lies in workspace_
  std::vector<uint8_t> page_;
};

}  // namespace kdump
