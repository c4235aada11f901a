// Keeps what is written but not yet on the device small: a machine of 96 MB must not fill its page
// cache with a dump, and a write that the page cache took is no progress yet.
#pragma once

#include "filter/base/file.h"

namespace kdump {

class WriteBack {
 public:
  // Call after each write. At most twice kChunkBytes of the file are dirty or under way: when a
  // chunk has been written its write-back is started, and that of the chunk before is awaited and
  // its pages are dropped. Fails: as the write-back did; the kernel reports that only once.
  Result<> wrote(Sys& sys, const File& file, uint64_t bytes);

 private:
  static constexpr uint64_t kChunkBytes = 4 << 20;

  uint64_t since_last_ = 0;
  bool is_available_ = true;
};

}  // namespace kdump
