#include "targets/storage/write_back.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace kdump {

Result<> WriteBack::wrote(Sys& sys, const File& file, uint64_t offset, uint64_t bytes) {
  // Nearly all that is written is one byte after the other. Where something else is among it a
  // piece is longer, and more of the file is awaited.
  piece_ = {.begin = std::min(piece_.begin, offset),
            .end = std::max(piece_.end, offset + bytes),
            .bytes = piece_.bytes + bytes};
  if (piece_.bytes < kPieceBytes || !is_available_) return {};
  const Piece last = std::exchange(piece_, {});
  const Piece oldest = std::exchange(under_way_[pieces_++ % kUnderWay], last);
  TRY(call(sys, file, last, SYNC_FILE_RANGE_WRITE));
  if (oldest.bytes != 0) TRY(call(sys, file, oldest, SYNC_FILE_RANGE_WAIT_BEFORE));
  return release(sys, file, oldest);
}

Result<> WriteBack::call(Sys& sys, const File& file, const Piece& piece, unsigned flags) {
  if (!is_available_) return {};
  const int64_t done = sys.sync_file_range(file.fd(), piece.begin, piece.end - piece.begin, flags);
  // Not every file can: -o /dev/stdout, or a kernel without the call.
  is_available_ = done != -ENOSYS && done != -ESPIPE && done != -EINVAL;
  // Interrupted: what was to be awaited is by the next flush.
  if (done >= 0 || done == -EINTR || !is_available_) return {};
  return fail_errno(static_cast<int>(-done), "write back %s", file.path());
}

// What the device, or the server, has need not stay in memory. Dropping is a kindness to others;
// where it cannot be done nothing is lost.
Result<> WriteBack::release(Sys& sys, const File& file, const Piece& piece) {
  if (how_ == How::sync_file_range) {
    if (piece.bytes != 0)
      sys.fadvise(file.fd(), piece.begin, piece.end - piece.begin, POSIX_FADV_DONTNEED);
    return {};
  }
  if (pieces_ % kCommitted != 0) return {};
  const int64_t done = sys.fsync(file.fd());
  if (done < 0) return fail_errno(static_cast<int>(-done), "write back %s", file.path());
  sys.fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
  return {};
}

}  // namespace kdump
