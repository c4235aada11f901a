#include "filter/base/sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace kdump {
namespace {

// The type of ioctl's second parameter, which C libraries do not agree on.
template <class Request>
Request ioctl_request(int (*)(int, Request, ...));

int64_t or_errno(int64_t returned) { return returned < 0 ? -errno : returned; }

class RealSys final : public Sys {
 public:
  int64_t open(const char* path, int flags, uint32_t mode) override {
    return or_errno(::open(path, flags | O_CLOEXEC, mode));
  }
  // Never retried: after EINTR Linux has closed the descriptor all the same.
  int64_t close(int fd) override { return or_errno(::close(fd)); }
  int64_t read(int fd, MutableBytes out) override {
    return or_errno(::read(fd, out.data(), out.size()));
  }
  int64_t write(int fd, Bytes data) override {
    return or_errno(::write(fd, data.data(), data.size()));
  }
  int64_t pread(int fd, MutableBytes out, uint64_t offset) override {
    return or_errno(::pread(fd, out.data(), out.size(), static_cast<off_t>(offset)));
  }
  int64_t pwrite(int fd, Bytes data, uint64_t offset) override {
    return or_errno(::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset)));
  }
  int64_t ftruncate(int fd, uint64_t size) override {
    return or_errno(::ftruncate(fd, static_cast<off_t>(size)));
  }
  int64_t fsync(int fd) override { return or_errno(::fsync(fd)); }
  int64_t syncfs(int fd) override { return or_errno(::syscall(SYS_syncfs, fd)); }
  int64_t sync_file_range(int fd, uint64_t offset, uint64_t size, unsigned flags) override {
    return or_errno(
        ::sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(size), flags));
  }
  int64_t seek_data(int fd, uint64_t offset) override {
    return or_errno(::lseek(fd, static_cast<off_t>(offset), SEEK_DATA));
  }
  int64_t fadvise(int fd, uint64_t offset, uint64_t size, int advice) override {
    return -::posix_fadvise(fd, static_cast<off_t>(offset), static_cast<off_t>(size), advice);
  }
  int64_t fstat(int fd, struct stat& out) override { return or_errno(::fstat(fd, &out)); }
  int64_t stat(const char* path, struct stat& out) override { return or_errno(::stat(path, &out)); }
  int64_t fstatfs(int fd, struct statfs& out) override { return or_errno(::fstatfs(fd, &out)); }
  int64_t block_device_size(int fd, uint64_t& out) override {
    return or_errno(::ioctl(fd, BLKGETSIZE64, &out));
  }

  int64_t mkdir(const char* path, uint32_t mode) override { return or_errno(::mkdir(path, mode)); }
  int64_t rmdir(const char* path) override { return or_errno(::rmdir(path)); }
  int64_t unlink(const char* path) override { return or_errno(::unlink(path)); }

  int64_t rename_new(const char* from, const char* to) override {
    const int64_t done =
        or_errno(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE));
    if (done != -EINVAL && done != -ENOSYS) return done;
    // NFS does not know RENAME_NOREPLACE. The directory is ours alone, so looking first is enough.
    struct stat existing;
    if (::lstat(to, &existing) == 0) return -EEXIST;
    if (errno != ENOENT) return -errno;
    return or_errno(::rename(from, to));
  }

  int64_t list_directory(const char* path, void (*each)(void*, const char*),
                         void* context) override {
    DIR* directory = ::opendir(path);
    if (!directory) return -errno;
    int64_t done = 0;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory);
      if (!entry) {
        done = -errno;
        break;
      }
      if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
        each(context, entry->d_name);
    }
    ::closedir(directory);
    return done;
  }

  int64_t readlink(const char* path, std::span<char> out) override {
    if (out.empty()) return -ENAMETOOLONG;
    const int64_t length = or_errno(::readlink(path, out.data(), out.size()));
    if (length < 0) return length;
    if (static_cast<size_t>(length) >= out.size()) return -ENAMETOOLONG;
    out[static_cast<size_t>(length)] = '\0';
    return length;
  }

  int64_t mount(const char* source, const char* at, const char* type, uint64_t flags,
                const char* data) override {
    return or_errno(::mount(source, at, type, flags, data));
  }
  int64_t umount(const char* at, int flags) override { return or_errno(::umount2(at, flags)); }
  int64_t finit_module(int fd, const char* parameters) override {
    return or_errno(::syscall(SYS_finit_module, fd, parameters, 0));
  }
  int64_t ioctl(int fd, unsigned long request, void* argument) override {
    // musl takes the request as an int; the kernel sees 32 bits of it either way.
    return or_errno(::ioctl(fd, static_cast<decltype(ioctl_request(&::ioctl))>(request), argument));
  }

  int64_t monotonic_ms() override {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  }
  void sleep_ms(int64_t milliseconds) override {
    timespec left{.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1'000'000};
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }
};

}  // namespace

Sys& real_sys() {
  static RealSys sys;
  return sys;
}

}  // namespace kdump
