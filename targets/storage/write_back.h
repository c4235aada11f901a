// Keeps what is written but not yet on the device small: a machine of 96 MB must not fill its page
// cache with a dump, and a write that the page cache took is no progress yet.
#pragma once

#include <array>

#include "filter/base/file.h"

namespace kdump {

class WriteBack {
 public:
  // sync_file_range: pages that are on the device can be dropped. commit: an NFS server has them in
  // its own memory until it is asked to commit, and until then the client must keep them.
  enum class How : uint8_t { sync_file_range, commit };
  explicit WriteBack(How how = How::sync_file_range) : how_(how) {}

  // Call after each write. The write-back of a MiB is started when it is complete, and that of the
  // MiB four before it is awaited, so that the device always has something to do, a writer goes at
  // its pace from the first MiB on, and no more than five are dirty or under way; nine that are not
  // committed. Fails: as the write-back did; the kernel reports that only once.
  Result<> wrote(Sys& sys, const File& file, uint64_t offset, uint64_t bytes);

 private:
  static constexpr uint64_t kPieceBytes = 1 << 20;
  static constexpr size_t kUnderWay = 4, kCommitted = 8;  // pieces

  struct Piece {
    uint64_t begin = UINT64_MAX, end = 0, bytes = 0;
  };

  Result<> call(Sys& sys, const File& file, const Piece& piece, unsigned flags);
  Result<> release(Sys& sys, const File& file, const Piece& piece);

  How how_;
  Piece piece_;                               // that is being written
  std::array<Piece, kUnderWay> under_way_{};  // a ring; the next one goes where the oldest is
  uint64_t pieces_ = 0;
  bool is_available_ = true;
};

}  // namespace kdump
