// SHA-256 (FIPS 180-4) of data that comes piece by piece: mbedTLS's, or where an x86 has
// instructions for it, which that does not use, a quarter of the time with them.
#pragma once

#include <array>
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
  // 64 hexadecimal digits. Once; nothing may follow.
  std::string finish();

 private:
  struct Library;

  std::unique_ptr<Library> library_;  // nullptr: the CPU's instructions
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> block_;  // begun
  uint64_t bytes_ = 0;
};

// Of the whole of a text.
std::string sha256_of(Bytes data);

}  // namespace kdump
