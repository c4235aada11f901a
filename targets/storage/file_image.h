// An open device as an Image, for reading identities.
#pragma once

#include "filter/base/file.h"
#include "targets/storage/identity.h"

namespace kdump {

class FileImage final : public Image {
 public:
  FileImage(const File& file, uint64_t size_bytes) : file_(file), size_bytes_(size_bytes) {}

  uint64_t size() const override { return size_bytes_; }
  Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const override {
    // The kernel would take a larger offset for a negative one.
    if (offset > INT64_MAX - out.size()) return size_t{0};
    return file_.read_some_at(offset, out);
  }

 private:
  const File& file_;
  uint64_t size_bytes_;
};

}  // namespace kdump
