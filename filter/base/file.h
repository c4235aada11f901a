// An open file with its name. Handles short reads, short writes and EINTR; errors name the file and
// the offset. The destructor ignores errors of close(2): data that must be on disk needs sync().
#pragma once

#include <string>

#include "filter/base/byte_source.h"
#include "filter/base/sys.h"

namespace kdump {

class File : public ByteSource {
 public:
  // flags and mode as for open(2); O_CLOEXEC is implied.
  static Result<File> open(Sys& sys, std::string path, int flags, uint32_t mode = 0600);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File() override;

  int fd() const { return fd_; }
  int mappable_fd() const override { return fd_; }
  const char* path() const override { return path_.c_str(); }

  Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const override;
  // Writes all of `data` at `offset`. Fails: no_space, io; an unknown part of it is then written.
  Result<> write_at(uint64_t offset, Bytes data);
  // Writes all of `data` at the current position, for pipes, /dev/kmsg and terminals.
  Result<> append(Bytes data);
  Result<> truncate(uint64_t size);
  Result<> sync();
  // Returns the size of a regular file or block device, bytes.
  Result<uint64_t> size() const override;
  // Returns the first offset from `offset` on that is not in a hole: `end` if there is none before
  // it, `offset` where the file system does not report holes.
  uint64_t next_data(uint64_t offset, uint64_t end) const;

 private:
  File(Sys& sys, int fd, std::string path) : sys_(&sys), fd_(fd), path_(std::move(path)) {}

  Sys* sys_;
  int fd_;
  std::string path_;
};

// Reads a whole small file, such as one of /proc or /sys. Fails: refused, if it is larger than
// max_bytes; io.
Result<std::string> read_small_file(Sys& sys, const std::string& path, size_t max_bytes);

}  // namespace kdump
