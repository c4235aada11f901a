// Views of untrusted bytes, and functions that read numbers out of them. No byte is swapped: dumps
// of the supported architectures and the machines that read them are little-endian, and the ELF
// reader refuses others.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "filter/base/result.h"

namespace kdump {

static_assert(std::endian::native == std::endian::little);

using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

// Returns the bytes of a trivially copyable value, such as a header.
template <class T>
requires std::is_trivially_copyable_v<T> Bytes bytes_of(const T& value) {
  return {reinterpret_cast<const uint8_t*>(&value), sizeof value};
}

// Loads a T from an unaligned address. The caller has checked that sizeof(T) bytes are readable.
template <class T>
requires std::is_trivially_copyable_v<T> T load(const uint8_t* at) {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}

// Reads forward through a buffer and fails at its end.
class ByteReader {
 public:
  // what: names the buffer in errors; must outlive the reader.
  ByteReader(Bytes data, const char* what) : data_(data), what_(what) {}

  size_t position() const { return pos_; }
  size_t left() const { return data_.size() - pos_; }

  // Returns the next `size` bytes. Fails: corrupt, if fewer are left.
  Result<Bytes> take(uint64_t size) {
    if (size > left())
      return fail(Kind::corrupt, "%s: need %" PRIu64 " bytes at offset %zu, %zu left", what_, size,
                  pos_, left());
    const Bytes out = data_.subspan(pos_, size);
    pos_ += size;
    return out;
  }

  template <class T>
  Result<T> take() {
    return load<T>(TRY(take(sizeof(T))).data());
  }

 private:
  Bytes data_;
  size_t pos_ = 0;
  const char* what_;
};

}  // namespace kdump
