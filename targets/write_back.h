// Keeps what is written but not yet on the device small: a machine of 96 MB must not fill its page
// cache with a dump, and a write that the page cache took is no progress yet.
#pragma once

#include "filter/base/file.h"

namespace kdump {

class WriteBack {
 public:
  // sync_file_range: pages that are on the device can be dropped. commit: an NFS server has them in
  // its own memory until it is asked to commit, and until then the client must keep them.
  enum class How : uint8_t { sync_file_range, commit };
  explicit WriteBack(How how = How::sync_file_range) : how_(how) {}

  // Call after each write. At most twice kChunkBytes of the file are dirty or under way: when a
  // chunk has been written its write-back is started, and that of the chunk before is awaited and
  // its pages are dropped. Fails: as the write-back did; the kernel reports that only once.
  Result<> wrote(Sys& sys, const File& file, uint64_t bytes);

 private:
  static constexpr uint64_t kChunkBytes = 4 << 20;

  Result<> start_or_await(Sys& sys, const File& file);
  Result<> start_or_commit(Sys& sys, const File& file);

  How how_;
  uint64_t since_last_ = 0;
  uint64_t chunks_ = 0;
  bool is_available_ = true;
};

}  // namespace kdump
