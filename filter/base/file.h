// An open file with its name: the loops over short reads and writes and EINTR, and errors that
// say which file and offset. Closing cannot lose data here: what must be on disk is sync()ed.
#pragma once

#include <string>

#include "filter/base/bytes.h"
#include "filter/base/sys.h"

namespace kdump {

class File {
 public:
  // flags and mode as for open(2); O_CLOEXEC is implied.
  static Result<File> open(Sys& sys, std::string path, int flags, uint32_t mode = 0600);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  int fd() const { return fd_; }
  const char* path() const { return path_.c_str(); }

  // Reads exactly out.size() bytes at offset. Fails: corrupt, where the file ends before.
  Result<> read_at(uint64_t offset, MutableBytes out) const;
  // Reads up to the end of file; the count says how many bytes there were.
  Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const;
  // Writes all of data at offset. Fails: no_space, io; how much of it arrived is then unknown.
  Result<> write_at(uint64_t offset, Bytes data);
  // Writes all of data at the current position (pipes, kmsg, terminals).
  Result<> append(Bytes data);
  Result<> truncate(uint64_t size);
  Result<> sync();
  // The size of a regular file, or of a block device.
  Result<uint64_t> size() const;
  // Returns the first offset from `offset` on that is not in a hole: `end` if there is none before
  // it, `offset` where the file system does not report holes.
  uint64_t next_data(uint64_t offset, uint64_t end) const;

 private:
  File(Sys& sys, int fd, std::string path) : sys_(&sys), fd_(fd), path_(std::move(path)) {}

  Sys* sys_;
  int fd_;
  std::string path_;
};

// The whole of a small file, such as those of /proc and /sys.
// Fails: refused, if it is larger than max_bytes.
Result<std::string> read_small_file(Sys& sys, const std::string& path, size_t max_bytes);

}  // namespace kdump
