#include "filter/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace kdump {

Result<File> File::open(Sys& sys, std::string path, int flags, uint32_t mode) {
  const int64_t fd = uninterrupted([&] { return sys.open(path.c_str(), flags, mode); });
  if (fd < 0) return fail_errno(static_cast<int>(-fd), "open %s", path.c_str());
  return File(sys, static_cast<int>(fd), std::move(path));
}

File::File(File&& other) noexcept
    : sys_(other.sys_), fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(sys_, other.sys_);
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) sys_->close(fd_);
}

Result<size_t> File::read_some_at(uint64_t offset, MutableBytes out) const {
  size_t done = 0;
  while (done < out.size()) {
    const int64_t got =
        uninterrupted([&] { return sys_->pread(fd_, out.subspan(done), offset + done); });
    if (got < 0)
      return fail_errno(static_cast<int>(-got), "read %s at offset %#" PRIx64, path(),
                        offset + done);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

Result<> ByteSource::read_at(uint64_t offset, MutableBytes out) const {
  const size_t got = TRY(read_some_at(offset, out));
  if (got < out.size())
    return fail(Kind::corrupt, "%s ends at offset %#" PRIx64 ", %zu bytes too early", path(),
                offset + got, out.size() - got);
  return {};
}

Result<> File::write_at(uint64_t offset, Bytes data) {
  while (!data.empty()) {
    const int64_t put = uninterrupted([&] { return sys_->pwrite(fd_, data, offset); });
    // A zero-byte write that is no error would loop for ever: it means there is no room.
    if (put <= 0)
      return fail_errno(put < 0 ? static_cast<int>(-put) : ENOSPC, "write %s at offset %#" PRIx64,
                        path(), offset);
    data = data.subspan(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return {};
}

Result<> File::append(Bytes data) {
  while (!data.empty()) {
    const int64_t put = uninterrupted([&] { return sys_->write(fd_, data); });
    if (put <= 0) return fail_errno(put < 0 ? static_cast<int>(-put) : ENOSPC, "write %s", path());
    data = data.subspan(static_cast<size_t>(put));
  }
  return {};
}

Result<> File::truncate(uint64_t size) {
  const int64_t done = uninterrupted([&] { return sys_->ftruncate(fd_, size); });
  if (done < 0)
    return fail_errno(static_cast<int>(-done), "truncate %s to %" PRIu64 " bytes", path(), size);
  return {};
}

uint64_t File::next_data(uint64_t offset, uint64_t end) const {
  if (offset >= end) return offset;
  const int64_t next = sys_->seek_data(fd_, offset);
  if (next == -ENXIO) return end;
  return next < 0 ? offset : std::clamp(static_cast<uint64_t>(next), offset, end);
}

// Not retried after a failure: the kernel has then already forgotten which pages were dirty.
Result<> File::sync() {
  const int64_t done = sys_->fsync(fd_);
  if (done < 0) return fail_errno(static_cast<int>(-done), "sync %s", path());
  return {};
}

Result<uint64_t> File::size() const {
  struct stat status {};
  if (const int64_t done = sys_->fstat(fd_, status); done < 0)
    return fail_errno(static_cast<int>(-done), "stat %s", path());
  if (!S_ISBLK(status.st_mode)) return static_cast<uint64_t>(status.st_size);
  uint64_t bytes = 0;
  if (const int64_t done = sys_->block_device_size(fd_, bytes); done < 0)
    return fail_errno(static_cast<int>(-done), "size of %s", path());
  return bytes;
}

Result<std::string> read_small_file(Sys& sys, const std::string& path, size_t max_bytes) {
  const File file = TRY(File::open(sys, path, O_RDONLY));
  // Reading one byte more than allowed distinguishes a file that is too long from one that just
  // fits.
  std::string content(max_bytes + 1, '\0');
  size_t done = 0;
  while (done < content.size()) {
    const auto rest =
        MutableBytes(reinterpret_cast<uint8_t*>(content.data()), content.size()).subspan(done);
    const int64_t got = uninterrupted([&] { return sys.read(file.fd(), rest); });
    if (got < 0) return fail_errno(static_cast<int>(-got), "read %s", path.c_str());
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  if (done > max_bytes)
    return fail(Kind::refused, "%s: larger than %zu bytes", path.c_str(), max_bytes);
  content.resize(done);
  return content;
}

}  // namespace kdump
