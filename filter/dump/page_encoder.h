// Compresses pages to zstd frames without zstd: no table is built for a page, literals stay as
// they are. About as fast as LZO and as small on kernel memory, in frames that every reader of
// zstd takes.
#pragma once

#include "filter/dump/word_matcher.h"

namespace kdump {

class PageEncoder {
 public:
  // page: a multiple of kBlockBytes, 64 KiB at most. out: page.size() bytes. The frame's size, or 0
  // where it would not be smaller than the page.
  size_t encode(Bytes page, MutableBytes out);
  // The same for a page that repeats its first eight bytes; always gives a frame.
  size_t encode_repeated_word(Bytes page, MutableBytes out);

 private:
  size_t encode(Bytes page, MutableBytes out, bool repeated_word);
  Bytes make_block();

  // Below so many sequences a block's own probabilities cost more to describe than they save.
  static constexpr size_t kFewSequences = 32;

  SequenceCode few_ = SequenceCode::predefined();
  SequenceCode many_ = SequenceCode::memory_pages();
  WordMatcher matcher_;
  std::array<uint8_t, 3 + kBlockBytes + kMaxSectionBytes> block_{};
};

}  // namespace kdump
