// One page through PageEncoder and back through zstd: what the tests and a fuzzer do with every
// page they think of.
#pragma once

#include <zstd.h>

#include "filter/zstd_page/page_encoder.h"

namespace kdump {

constexpr size_t kWrong = SIZE_MAX;

// page: as PageEncoder::encode takes it. The frame's size, 0 where there is none; kWrong where
// zstd does not decode it to the page, or it is as large as that.
inline size_t encode_and_decode(PageEncoder& encoder, Bytes page, PageEncoder::Aim aim) {
  // Exactly of the given size, so that a sanitizer sees what is written beyond.
  std::vector<uint8_t> frame(page.size()), back(page.size());
  const size_t size = encoder.encode(page, aim, frame);
  if (size >= page.size()) return kWrong;
  if (size == 0) return 0;
  const size_t decoded = ZSTD_decompress(back.data(), back.size(), frame.data(), size);
  if (decoded != page.size() || memcmp(back.data(), page.data(), page.size()) != 0) return kWrong;
  return size;
}

}  // namespace kdump
