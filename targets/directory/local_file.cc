#include "targets/directory/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "targets/crash_files.h"
#include "targets/storage/mounts.h"

namespace kdump {

Result<> LocalFile::refuse_existing(Sys& sys, const std::string& path) {
  for (const std::string& name : {path, incomplete_name(path)})
    if (struct stat existing{}; sys.stat(name.c_str(), existing) >= 0)
      return fail(Kind::refused, "%s exists and is not overwritten", name.c_str());
  return {};
}

Result<std::unique_ptr<LocalFile>> LocalFile::create(Sys& sys, const std::string& path,
                                                     WriteBack::How how) {
  TRY(refuse_existing(sys, path));
  const std::string incomplete = incomplete_name(path);
  auto file = File::open(sys, incomplete, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!file && file.error().sys_errno == EEXIST)  // since refuse_existing() looked
    return fail(Kind::refused, "%s exists and is not overwritten", incomplete.c_str());
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<LocalFile>(new LocalFile(sys, *std::move(file), path, how));
}

Result<> LocalFile::write_at(uint64_t offset, Bytes data) {
  is_cached_ = true;
  tried_end_ = std::max(tried_end_, offset + data.size());
  TRY(file_.write_at(offset, data));
  end_ = std::max(end_, offset + data.size());
  return write_back_.wrote(sys_, file_, offset, data.size());
}

Result<> LocalFile::sync() {
  if (tried_end_ > end_) TRY(file_.truncate(end_));
  return file_.sync();
}

Result<> LocalFile::commit() {
  TRY(sync());
  return rename(file_.path(), path_.c_str());
}

Result<> LocalFile::demote() { return rename(path_.c_str(), file_.path()); }

Result<> LocalFile::rename(const char* from, const char* to) {
  if (const int64_t done = sys_.rename_new(from, to); done < 0)
    return fail_errno(static_cast<int>(-done), "rename %s to %s", from, to);
  // vfat keeps a file's size and place with its name, and puts them there when the file is synced;
  // syncing the directory alone makes an empty file durable.
  TRY(file_.sync());
  return sync_directory(sys_, parent_of(path_));
}

Result<> LocalFile::keep_incomplete() {
  TRY(file_.sync());
  return sync_directory(sys_, parent_of(path_));
}

Result<> LocalFile::read_back(uint64_t offset, MutableBytes out) {
  // Pages that are clean go, so that the device or the server is asked. Refusing is no failure.
  if (std::exchange(is_cached_, false)) sys_.fadvise(file_.fd(), 0, 0, POSIX_FADV_DONTNEED);
  TRY(file_.read_at(offset, out));
  sys_.fadvise(file_.fd(), offset, out.size(), POSIX_FADV_DONTNEED);
  return {};
}

Result<> sync_directory(Sys& sys, const std::string& path) {
  auto directory = File::open(sys, path, O_RDONLY | O_DIRECTORY);
  const Result<> done = directory ? directory->sync() : std::unexpected(directory.error());
  return !done && is_access_denied(done.error().sys_errno) ? Result<>() : done;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace kdump
