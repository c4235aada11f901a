// Limits the dirty data in the page cache: a machine of 96 MB must not fill its page cache with a
// dump, and progress must mean data on the device.
#pragma once

#include <array>

#include "filter/base/file.h"

namespace kdump {

class WriteBack {
 public:
  // sync_file_range: pages can be dropped once they are on the device. commit: for NFS, whose
  // client must keep pages until the server has committed them.
  enum class How : uint8_t { sync_file_range, commit };
  explicit WriteBack(How how = How::sync_file_range) : how_(how) {}

  // Call after each write. Starts the write-back of each MiB when it is complete and waits for the
  // one four MiB before: the device stays busy, the writer runs at its speed, and at most five MiB
  // are dirty or in progress (commit: nine uncommitted). Fails: as the write-back did, which the
  // kernel reports only once.
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
  Piece piece_;                               // being written
  std::array<Piece, kUnderWay> under_way_{};  // a ring: the next replaces the oldest
  uint64_t pieces_ = 0;
  bool is_available_ = true;
};

}  // namespace kdump
