// PageEncoder, WordMatcher, LiteralsCode and SequenceCode against the decoder of zstd itself:
// whatever a page holds, the frame gives it back.
#include "filter/zstd_page/page_encoder.h"

#include <doctest/doctest.h>
#include <zstd.h>

#include "filter/dump/page_compressor.h"
#include "tests/filter/dump/dump_fakes.h"
#include "tests/filter/zstd_page/encoder_entry.h"

using namespace kdump;
using dump_test::mix;

namespace {

using Page = std::vector<uint8_t>;

struct Generator {
  uint64_t state;
  uint64_t next() { return mix(state++); }
  uint64_t below(uint64_t n) { return next() % n; }
};

// Pages as kernels have them, more or less: arrays of structures with pointers, text, zeros,
// noise, in pieces of any length.
Page memory_like(uint64_t seed, size_t size) {
  Generator random{seed << 20};
  Page page(size);
  const uint64_t pointer = 0xffff888000000000 + (random.next() & 0x3fffffc0);
  for (size_t at = 0; at < size;) {
    const size_t end = std::min(size, at + 1 + random.below(random.below(4) == 0 ? 2000 : 200));
    const uint64_t kind = random.below(6), stride = 8 << random.below(5);
    for (size_t i = at; i < end; ++i) {
      const uint64_t word = pointer + i / stride * stride;
      if (kind == 0) page[i] = 0;
      if (kind == 1) page[i] = static_cast<uint8_t>(word >> 8 * (i % 8));
      if (kind == 2) page[i] = static_cast<uint8_t>("the quick kernel "[(i * stride / 8) % 17]);
      if (kind == 3) page[i] = static_cast<uint8_t>(random.next());
      if (kind == 4) page[i] = i >= stride ? page[i - stride] : 0x6b;
      if (kind == 5) page[i] = i % stride < 3 ? static_cast<uint8_t>(random.next()) : 0xff;
    }
    at = end;
  }
  return page;
}

size_t check(PageEncoder& encoder, const Page& page) {
  const size_t fast = encode_and_decode(encoder, page, PageEncoder::Aim::fast);
  const size_t small = encode_and_decode(encoder, page, PageEncoder::Aim::small);
  CHECK(fast != kWrong);
  CHECK(small != kWrong);
  return std::max(fast, small);
}

}  // namespace

TEST_CASE("whatever a page holds, zstd decodes what was encoded") {
  PageEncoder encoder;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    check(encoder, memory_like(seed, 4096));
  }
}

TEST_CASE("pages of 16 and 64 KiB are encoded in blocks, shrinking and not") {
  PageEncoder encoder;
  for (uint64_t seed = 0; seed < 100; ++seed)
    for (const size_t size : {16384, 65536}) {
      CAPTURE(seed);
      CAPTURE(size);
      Page page = memory_like(seed, size);
      // Noise in the middle: a raw block between compressed ones, whose offsets stay known.
      Generator random{seed};
      for (size_t i = 4096; i < 8192; ++i) page[i] = static_cast<uint8_t>(random.next());
      CHECK(check(encoder, page) != 0);
    }
}

TEST_CASE("literals of any number and of any frequencies decode") {
  PageEncoder encoder;
  Generator random{17};
  for (uint32_t symbols = 1; symbols <= 256; symbols += symbols < 20 ? 1 : 13)
    for (uint32_t noise = 40; noise <= 4096; noise += 169)
      for (const uint32_t skew : {1, 2, 5, 20}) {
        CAPTURE(symbols);
        CAPTURE(noise);
        CAPTURE(skew);
        // The rest repeats one byte, which leaves the noise alone among the literals.
        Page page(4096, 0x5a);
        const auto first = static_cast<uint32_t>(random.below(257 - symbols));
        for (uint32_t i = 0; i < noise; ++i) {
          uint64_t symbol = random.below(symbols);
          for (uint32_t again = 1; again < skew; ++again)
            symbol = std::min(symbol, random.below(symbols));
          page[i] = static_cast<uint8_t>(first + symbol);
        }
        check(encoder, page);
      }
}

TEST_CASE("a page changed in any byte still decodes") {
  PageEncoder encoder;
  Page page = memory_like(7, 4096);
  Generator random{99};
  for (size_t i = 0; i < page.size(); ++i) {
    page[i] = static_cast<uint8_t>(random.next());
    check(encoder, page);
  }
}

TEST_CASE("matches and literals of every length at every distance decode") {
  PageEncoder encoder;
  for (uint32_t distance = 1; distance < 4096; distance += distance < 80 ? 1 : 61)
    for (uint32_t length = 4; distance + length <= 4096; length += length < 140 ? 7 : 500) {
      Generator random{distance * 4096 + length};
      Page page(4096);
      for (uint8_t& byte : page) byte = static_cast<uint8_t>(random.next());
      for (uint32_t i = 0; i < length; ++i) page[distance + i] = page[i];
      check(encoder, page);
    }
}

TEST_CASE("noise is not made larger") {
  PageEncoder encoder;
  Generator random{5};
  Page page(4096);
  for (uint8_t& byte : page) byte = static_cast<uint8_t>(random.next());
  CHECK(check(encoder, page) == 0);
}

TEST_CASE("a page of one word is a frame of a few bytes at every level") {
  for (const size_t size : {4096, 65536})
    for (const int level : {-5, 0, 1, 3}) {
      PageCompressor compressor = *PageCompressor::create(level, static_cast<uint32_t>(size));
      for (const uint64_t word : {uint64_t{0}, ~uint64_t{0}, uint64_t{0x0123456789abcdef}}) {
        Page page(size), frame(size), back(size);
        for (size_t i = 0; i < size; i += 8) memcpy(page.data() + i, &word, 8);
        const size_t frame_size = compressor.compress(page, level, frame);
        CHECK(frame_size > 0);
        CHECK(frame_size < 30 * size / 4096);
        CHECK(ZSTD_decompress(back.data(), size, frame.data(), frame_size) == size);
        CHECK(back == page);
      }
    }
}

TEST_CASE("the same page gives the same frame, whatever came before") {
  PageCompressor one = *PageCompressor::create(3, 4096), other = *PageCompressor::create(3, 4096);
  Page frame(4096), other_frame(4096);
  for (uint64_t seed = 0; seed < 200; ++seed)
    for (const int level : {3, 0, 1}) {
      const Page page = memory_like(seed, 4096);
      other.compress(memory_like(seed + 1000, 4096), static_cast<int>(seed % 4), other_frame);
      const size_t size = one.compress(page, level, frame);
      REQUIRE(other.compress(page, level, other_frame) == size);
      CHECK(std::equal(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(size),
                       other_frame.begin()));
    }
}
