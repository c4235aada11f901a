// A file on a mounted file system that bears NAME-incomplete until it is whole and durable: what is
// called NAME has every byte. The files of fs: and dir:, and the command's `dump -o FILE`.
#pragma once

#include "filter/base/file.h"
#include "targets/storage/write_back.h"
#include "targets/target.h"

namespace kdump {

class LocalFile final : public TargetFile {
 public:
  // path: the final name; path-incomplete is created, exclusively, mode 0600.
  // Fails: refused, if either of the two names exists.
  static Result<std::unique_ptr<LocalFile>> create(
      Sys& sys, const std::string& path, WriteBack::How how = WriteBack::How::sync_file_range);
  // What create() would refuse now.
  static Result<> refuse_existing(Sys& sys, const std::string& path);

  Result<> write_at(uint64_t offset, Bytes data) override;
  Result<> sync() override;
  Result<> commit() override;
  Result<> keep_incomplete() override;
  Result<> retract() override;
  Result<> read_back(uint64_t offset, MutableBytes out) override;

 private:
  LocalFile(Sys& sys, File file, std::string path, WriteBack::How how)
      : sys_(sys), file_(std::move(file)), path_(std::move(path)), write_back_(how) {}

  Result<> rename(const char* from, const char* to);

  Sys& sys_;
  File file_;
  std::string path_;
  uint64_t end_ = 0;        // of what has been written
  uint64_t tried_end_ = 0;  // of what was to be: a write that failed may have left a piece
  WriteBack write_back_;
  bool is_cached_ = true;  // the kernel may have pages of it that were written, not read
};

// Makes the names in a directory durable, where it may be opened (it may be writable alone) and its
// file system can.
Result<> sync_directory(Sys& sys, const std::string& path);

// The directory that holds path: "/", if there is only one name in it; ".", if it is relative.
std::string parent_of(const std::string& path);

}  // namespace kdump
