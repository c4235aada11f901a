// SHA-256 (FIPS 180-4) of data that comes piece by piece, by mbedTLS, which uses the CPU's
// instructions where it has them (sha256_instructions.cc).
#pragma once

#include <memory>
#include <string>

#include "filter/base/bytes.h"

namespace kdump {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(Bytes data);
  // Returns the digest as 64 hexadecimal digits. Call it once, last.
  std::string finish();

 private:
  struct Library;

  std::unique_ptr<Library> library_;
};

// Returns the SHA-256 of `data` as 64 hexadecimal digits.
std::string sha256_of(Bytes data);

}  // namespace kdump
