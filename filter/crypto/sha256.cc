#include "filter/crypto/sha256.h"

#include <mbedtls/sha256.h>

#include <array>

namespace kdump {

struct Sha256::Library {
  Library() {
    mbedtls_sha256_init(&context);
    mbedtls_sha256_starts(&context, 0);
  }
  ~Library() { mbedtls_sha256_free(&context); }
  mbedtls_sha256_context context;
};

Sha256::Sha256() : library_(std::make_unique<Library>()) {}
Sha256::~Sha256() = default;

void Sha256::update(Bytes data) {
  mbedtls_sha256_update(&library_->context, data.data(), data.size());
}

std::string Sha256::finish() {
  std::array<uint8_t, 32> digest;
  mbedtls_sha256_finish(&library_->context, digest.data());
  std::string text;
  for (const uint8_t byte : digest)
    for (const unsigned digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  return text;
}

std::string sha256_of(Bytes data) {
  Sha256 sum;
  sum.update(data);
  return sum.finish();
}

}  // namespace kdump
