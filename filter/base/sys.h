// The interface between this program and the kernel. Every file operation that can fail, stall or
// be torn by a power cut goes through it, so that tests can make each call fail in turn. It mirrors
// the system calls without policy; File (file.h) adds names, retry loops and Results.
//
// Not here: memory mappings of the vmcore (filter/core_file/) and process control (init/). A fake
// cannot replace them; tests use the real calls.
#pragma once

#include <cerrno>
#include <cstdint>
#include <ctime>

#include "filter/base/bytes.h"

struct stat;
struct statfs;

namespace kdump {

// Every call returns what the system call returns, or the negative errno.
class Sys {
 public:
  virtual ~Sys() = default;

  virtual int64_t open(const char* path, int flags, uint32_t mode) = 0;
  virtual int64_t close(int fd) = 0;
  virtual int64_t read(int fd, MutableBytes out) = 0;
  virtual int64_t write(int fd, Bytes data) = 0;
  virtual int64_t pread(int fd, MutableBytes out, uint64_t offset) = 0;
  virtual int64_t pwrite(int fd, Bytes data, uint64_t offset) = 0;
  virtual int64_t ftruncate(int fd, uint64_t size) = 0;
  virtual int64_t fsync(int fd) = 0;
  virtual int64_t syncfs(int fd) = 0;
  // Starts or awaits write-back of dirty pages (SYNC_FILE_RANGE_*). Does not make them durable.
  virtual int64_t sync_file_range(int fd, uint64_t offset, uint64_t size, unsigned flags) = 0;
  virtual int64_t fadvise(int fd, uint64_t offset, uint64_t size, int advice) = 0;
  // SEEK_DATA: the first offset from `offset` on that is not in a hole; -ENXIO where none follows.
  virtual int64_t seek_data(int fd, uint64_t offset) = 0;
  virtual int64_t fstat(int fd, struct stat& out) = 0;
  virtual int64_t stat(const char* path, struct stat& out) = 0;
  virtual int64_t fstatfs(int fd, struct statfs& out) = 0;
  virtual int64_t block_device_size(int fd, uint64_t& out) = 0;  // BLKGETSIZE64

  virtual int64_t mkdir(const char* path, uint32_t mode) = 0;
  virtual int64_t rmdir(const char* path) = 0;
  virtual int64_t unlink(const char* path) = 0;
  // Renames atomically; -EEXIST if `to` exists (RENAME_NOREPLACE), also on file systems that do not
  // support the flag.
  virtual int64_t rename_new(const char* from, const char* to) = 0;
  // Passes each name except . and .. to `each`, in no order.
  virtual int64_t list_directory(const char* path, void (*each)(void*, const char* name),
                                 void* context) = 0;
  // Reads the link's text, NUL-terminated.
  virtual int64_t readlink(const char* path, std::span<char> out) = 0;

  virtual int64_t mount(const char* source, const char* at, const char* type, uint64_t flags,
                        const char* data) = 0;
  virtual int64_t umount(const char* at, int flags) = 0;
  virtual int64_t finit_module(int fd, const char* parameters) = 0;
  virtual int64_t ioctl(int fd, unsigned long request, void* argument) = 0;

  virtual int64_t monotonic_ms() = 0;
  virtual void sleep_ms(int64_t milliseconds) = 0;
};

// The kernel itself.
Sys& real_sys();

// Makes a call again while it says -EINTR; but not for ever, whatever it is that interrupts.
constexpr int kMaxInterruptions = 20;
template <class Call>
int64_t uninterrupted(Call call) {
  int64_t done = -EINTR;
  for (int i = 0; i < kMaxInterruptions && done == -EINTR; ++i) done = call();
  return done;
}

}  // namespace kdump
