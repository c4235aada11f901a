// Compresses pages to zstd frames without libzstd; every zstd decoder reads them. fast: builds no
// table and stores literals uncompressed; as fast as LZO, with similar sizes on kernel memory.
// small: searches more and compresses literals; as small as zstd's level 1 in less time. Decision:
// docs/decisions/0007-page-encoder.md.
#pragma once

#include "filter/zstd_page/literals_code.h"
#include "filter/zstd_page/word_matcher.h"

namespace kdump {

class PageEncoder {
 public:
  enum class Aim : uint8_t { fast, small };

  // Returns the size of the frame, or 0 if it is not smaller than the page. page: a multiple of
  // kBlockBytes, at most 64 KiB. out: page.size() bytes.
  size_t encode(Bytes page, Aim aim, MutableBytes out);
  // As encode(), for a page that repeats its first eight bytes; never returns 0.
  size_t encode_repeated_word(Bytes page, MutableBytes out);

 private:
  size_t encode(Bytes page, Aim aim, MutableBytes out, bool repeated_word);
  Bytes make_block(Aim aim);
  uint8_t* put_literals(Aim aim);

  // Below this number of sequences a table description costs more than it saves.
  static constexpr size_t kFewSequences = 32;

  SequenceCode few_ = SequenceCode::predefined();
  SequenceCode many_ = SequenceCode::memory_pages();
  WordMatcher matcher_;
  LiteralsCode literals_;
  std::array<uint8_t, 3 + kBlockBytes + LiteralsCode::kSlack + kMaxSectionBytes> block_{};
};

}  // namespace kdump
