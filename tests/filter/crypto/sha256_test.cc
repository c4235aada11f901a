// SHA-256 against the standard's own examples and OpenSSL's, on every kind of CPU whose code this
// machine can run.
#include "filter/crypto/sha256.h"

#include <doctest/doctest.h>

#include "tests/filter/crypto/limited_cpu.h"
#include "tests/filter/crypto/reference.h"

using namespace kdump;

namespace {

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("SHA-256 gives what FIPS 180-4 says") {
  for_each_cpu([](const std::string& cpu) {
    CAPTURE(cpu);
    CHECK(sha256_of({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_of(as_bytes("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_of(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256_of(as_bytes(std::string(1'000'000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  });
}

TEST_CASE("SHA-256 equals OpenSSL's at every length and alignment") {
  for (size_t size = 0; size <= 1100; ++size) {
    const Buffer data = noise(size % 16 + size, size);
    const Bytes unaligned = Bytes(data).subspan(size % 16);
    const std::string expected = reference_sha256(unaligned);
    for_each_cpu([&](const std::string& cpu) {
      CAPTURE(cpu);
      CAPTURE(size);
      CHECK(sha256_of(unaligned) == expected);
    });
  }
}

TEST_CASE("in whatever pieces the data comes, its SHA-256 is the same") {
  std::string data;
  for (int i = 0; i < 1000; ++i) data += static_cast<char>(i * 7);
  for (size_t size = 0; size < 200; ++size) {
    const std::string_view part = std::string_view(data).substr(0, size);
    Sha256 in_pieces;
    for (size_t at = 0, piece = 1; at < part.size(); at += piece, piece = piece * 3 % 71 + 1)
      in_pieces.update(as_bytes(part.substr(at, piece)));
    CHECK(in_pieces.finish() == sha256_of(as_bytes(part)));
  }
}
