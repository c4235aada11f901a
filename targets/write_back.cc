#include "targets/write_back.h"

#include <fcntl.h>

#include <cerrno>

namespace kdump {

Result<> WriteBack::wrote(Sys& sys, const File& file, uint64_t bytes) {
  since_last_ += bytes;
  if (since_last_ < kChunkBytes || !is_available_) return {};
  since_last_ = 0;
  ++chunks_;
  return how_ == How::commit ? start_or_commit(sys, file) : start_or_await(sys, file);
}

// The calls are for the whole file: its dirty pages are few, and the kernel finds them by a tag.
Result<> WriteBack::start_or_await(Sys& sys, const File& file) {
  for (const unsigned flags :
       {unsigned{SYNC_FILE_RANGE_WAIT_BEFORE}, unsigned{SYNC_FILE_RANGE_WRITE}}) {
    const int64_t done = sys.sync_file_range(file.fd(), 0, 0, flags);
    if (done == -EINTR) continue;  // the next chunk waits for this one as well
    // Not every file can: -o /dev/stdout, or a kernel without the call.
    is_available_ = done != -ENOSYS && done != -ESPIPE && done != -EINVAL;
    if (!is_available_) return {};
    if (done < 0) return fail_errno(static_cast<int>(-done), "write back %s", file.path());
    // Dropping is a kindness to others; where it cannot be done nothing is lost.
    if (flags == SYNC_FILE_RANGE_WAIT_BEFORE) sys.fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
  }
  return {};
}

// The first chunk is on its way while the second is made; then both are committed.
Result<> WriteBack::start_or_commit(Sys& sys, const File& file) {
  if (chunks_ % 2 != 0) {
    const int64_t done = sys.sync_file_range(file.fd(), 0, 0, SYNC_FILE_RANGE_WRITE);
    if (done >= 0 || done == -EINTR) return {};
    return fail_errno(static_cast<int>(-done), "write back %s", file.path());
  }
  const int64_t done = sys.fsync(file.fd());
  if (done < 0) return fail_errno(static_cast<int>(-done), "write back %s", file.path());
  sys.fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
  return {};
}

}  // namespace kdump
