// A file on a mounted file system, called NAME-incomplete until it is complete and durable. Used by
// fs:, dir: and nfs:, and by `dump -o FILE`.
#pragma once

#include "filter/base/file.h"
#include "targets/storage/write_back.h"
#include "targets/target.h"

namespace kdump {

class LocalFile final : public TargetFile {
 public:
  // Creates path-incomplete exclusively, mode 0600. path: the final name. Fails: refused, if one of
  // the names exists; io; no_space.
  static Result<std::unique_ptr<LocalFile>> create(
      Sys& sys, const std::string& path, WriteBack::How how = WriteBack::How::sync_file_range);
  // Fails as create() would, and creates nothing.
  static Result<> refuse_existing(Sys& sys, const std::string& path);

  Result<> write_at(uint64_t offset, Bytes data) override;
  Result<> sync() override;
  Result<> commit() override;
  Result<> keep_incomplete() override;
  Result<> demote() override;
  Result<> read_back(uint64_t offset, MutableBytes out) override;

 private:
  LocalFile(Sys& sys, File file, std::string path, WriteBack::How how)
      : sys_(sys), file_(std::move(file)), path_(std::move(path)), write_back_(how) {}

  Result<> rename(const char* from, const char* to);

  Sys& sys_;
  File file_;
  std::string path_;
  uint64_t end_ = 0;        // of the data written
  uint64_t tried_end_ = 0;  // of all writes: a failed one may have written a part
  WriteBack write_back_;
  bool is_cached_ = true;  // the page cache may still have written pages
};

// Makes the names in a directory durable. Succeeds without effect if the directory may not be
// opened (write-only) or its file system cannot sync it.
Result<> sync_directory(Sys& sys, const std::string& path);

// Returns the parent directory of `path`: "/" for "/name", "." for "name".
std::string parent_of(const std::string& path);

}  // namespace kdump
