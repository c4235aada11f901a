// Bytes at offsets that can be read: a file, or what is stored in one in another form (a stream of
// records, compressed pages).
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual const char* path() const = 0;  // for messages
  virtual Result<uint64_t> size() const = 0;
  // Reads up to the end; the count says how many bytes there were.
  virtual Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const = 0;
  // Reads exactly out.size() bytes at offset. Fails: corrupt, where the source ends before.
  Result<> read_at(uint64_t offset, MutableBytes out) const;
  // A descriptor that maps the same bytes at the same offsets; -1: there is none.
  virtual int mappable_fd() const { return -1; }

 protected:
  ByteSource() = default;
  ByteSource(const ByteSource&) = default;
  ByteSource& operator=(const ByteSource&) = default;
};

}  // namespace kdump
