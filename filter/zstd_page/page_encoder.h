// Compresses pages to zstd frames without zstd, in two ways, in frames that every reader of zstd
// takes. fast: no table is built for a page, literals stay as they are; about as fast as LZO and
// as small on kernel memory. small: more is searched and literals have a code; as small as zstd's
// level 1 in less of its time.
#pragma once

#include "filter/zstd_page/literals_code.h"
#include "filter/zstd_page/word_matcher.h"

namespace kdump {

class PageEncoder {
 public:
  enum class Aim : uint8_t { fast, small };

  // page: a multiple of kBlockBytes, 64 KiB at most. out: page.size() bytes. The frame's size, or 0
  // where it would not be smaller than the page.
  size_t encode(Bytes page, Aim aim, MutableBytes out);
  // The same for a page that repeats its first eight bytes; always gives a frame.
  size_t encode_repeated_word(Bytes page, MutableBytes out);

 private:
  size_t encode(Bytes page, Aim aim, MutableBytes out, bool repeated_word);
  Bytes make_block(Aim aim);
  uint8_t* put_literals(Aim aim);

  // With fewer sequences a block's own probabilities cost more to describe than they save.
  static constexpr size_t kFewSequences = 32;

  SequenceCode few_ = SequenceCode::predefined();
  SequenceCode many_ = SequenceCode::memory_pages();
  WordMatcher matcher_;
  LiteralsCode literals_;
  std::array<uint8_t, 3 + kBlockBytes + LiteralsCode::kSlack + kMaxSectionBytes> block_{};
};

}  // namespace kdump
