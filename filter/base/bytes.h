// Views of untrusted bytes and the one way to read numbers out of them. Dumps of the supported
// architectures are little-endian, as are the machines that read them; the ELF reader refuses
// others, so no byte is ever swapped here.
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

// The bytes of a plain value, for writing headers.
template <class T>
requires std::is_trivially_copyable_v<T> Bytes bytes_of(const T& value) {
  return {reinterpret_cast<const uint8_t*>(&value), sizeof value};
}

// Unaligned load. The caller has checked that sizeof(T) bytes are there.
template <class T>
requires std::is_trivially_copyable_v<T> T load(const uint8_t* at) {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}

// Reads forward through a buffer; never past its end.
class ByteReader {
 public:
  // what: names the buffer in errors; must outlive the reader.
  ByteReader(Bytes data, const char* what) : data_(data), what_(what) {}

  size_t position() const { return pos_; }
  size_t left() const { return data_.size() - pos_; }

  // The next `size` bytes. Fails: corrupt, if fewer are left.
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
