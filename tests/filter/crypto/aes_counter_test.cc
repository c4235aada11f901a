// AES in counter mode on every kind of CPU whose code this machine can run.
#include "filter/crypto/aes_counter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/filter/crypto/limited_cpu.h"
#include "tests/filter/crypto/reference.h"

using namespace kdump;

namespace {

Buffer hex(std::string_view text) {
  Buffer made;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    made.push_back(static_cast<uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  return made;
}

std::span<const uint8_t, 16> as_block(const Buffer& block) {
  return std::span<const uint8_t, 16>(block.data(), 16);
}

Buffer crypted(const Buffer& key, const Buffer& first, Buffer data) {
  AesCounter(key, as_block(first)).crypt(data);
  return data;
}

void count_up(Buffer& block) {
  for (size_t i = block.size(); i-- > 0 && ++block[i] == 0;) {
  }
}

}  // namespace

TEST_CASE("AES-CTR gives the examples of NIST SP 800-38A, F.5.1 and F.5.5") {
  const Buffer first = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const Buffer text =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  for_each_cpu([&](const std::string& cpu) {
    CAPTURE(cpu);
    CHECK(crypted(hex("2b7e151628aed2a6abf7158809cf4f3c"), first, text) ==
          hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
              "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"));
    CHECK(crypted(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"), first,
                  text) == hex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                               "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"));
  });
}

TEST_CASE("AES-CTR counts blocks in 128 bits, and pieces of any size give the same stream") {
  constexpr size_t kBlocks = 70;
  for_each_cpu([](const std::string& cpu) {
    CAPTURE(cpu);
    const Buffer key = noise(32, 1);
    for (const char* const begin :
         {"000000000000000000000000ffffffe0", "0123456789abcdeffffffffffffffffb",
          "fffffffffffffffffffffffffffffffe", "000000000000000000000000fffffff0"}) {
      CAPTURE(std::string(begin));
      Buffer block = hex(begin);
      const Buffer whole = crypted(key, block, Buffer(kBlocks * 16));
      AesCounter by_pieces(key, as_block(block));
      Buffer pieces(whole.size());
      for (size_t at = 0, size = 1; at < pieces.size(); at += size, size = size * 3 % 101) {
        size = std::min(size, pieces.size() - at);
        by_pieces.crypt(MutableBytes(pieces).subspan(at, size));
      }
      CHECK(pieces == whole);
      for (size_t i = 0; i < kBlocks; ++i, count_up(block))
        CHECK(crypted(key, block, Buffer(16)) ==
              Buffer(whole.begin() + static_cast<ptrdiff_t>(i * 16),
                     whole.begin() + static_cast<ptrdiff_t>(i * 16 + 16)));
    }
  });
}
