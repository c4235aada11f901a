#include "targets/directory/local_stored_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "filter/base/file.h"
#include "targets/directory/local_file.h"

namespace kdump {
namespace {

constexpr uint64_t kStatBlock = 512;  // of st_blocks, whatever the file system's is

}  // namespace

std::string LocalStoredFiles::full(const std::string& path) const {
  return path.empty() ? directory_ : directory_ + (directory_.ends_with('/') ? "" : "/") + path;
}

Result<StoredFiles::Names> LocalStoredFiles::names(const std::string& directory,
                                                   bool (*is_wanted)(std::string_view),
                                                   size_t max_names) {
  struct Search {
    bool (*is_wanted)(std::string_view);
    size_t max_names;
    Names found;
  } search{is_wanted, max_names, {}};
  const std::string path = full(directory);
  const int64_t done = sys_.list_directory(
      path.c_str(),
      [](void* context, const char* name) {
        auto& to = *static_cast<Search*>(context);
        if (!to.is_wanted(name)) return;
        if (to.found.names.size() < to.max_names)
          to.found.names.push_back(name);
        else
          to.found.has_more = true;
      },
      &search);
  if (done < 0 && done != -ENOENT)
    return fail_errno(static_cast<int>(-done), "list %s", path.c_str());
  return std::move(search.found);
}

// O_PATH opens nothing: no pipe is waited for, no device woken up.
Result<StoredFiles::Status> LocalStoredFiles::status(const std::string& path) {
  const File file = TRY(File::open(sys_, full(path), O_PATH | O_NOFOLLOW));
  struct stat status {};
  if (const int64_t done = sys_.fstat(file.fd(), status); done < 0)
    return fail_errno(static_cast<int>(-done), "look at %s", file.path());
  return Status{.is_file = S_ISREG(status.st_mode),
                .is_directory = S_ISDIR(status.st_mode),
                .bytes = static_cast<uint64_t>(status.st_size),
                // A further name of it keeps its blocks; a hole has none.
                .freed_bytes =
                    status.st_nlink > 1 ? 0 : static_cast<uint64_t>(status.st_blocks) * kStatBlock};
}

Result<std::string> LocalStoredFiles::read(const std::string& path, uint64_t offset,
                                           size_t max_bytes) {
  const File file = TRY(File::open(sys_, full(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (const int64_t done = sys_.fstat(file.fd(), status); done < 0)
    return fail_errno(static_cast<int>(-done), "look at %s", file.path());
  if (!S_ISREG(status.st_mode)) return fail(Kind::refused, "%s is no file", file.path());
  std::string content(max_bytes, '\0');
  const size_t got =
      TRY(file.read_some_at(offset, {reinterpret_cast<uint8_t*>(content.data()), content.size()}));
  content.resize(got);
  return content;
}

Result<> LocalStoredFiles::remove(const std::string& path) {
  const std::string at = full(path);
  const int64_t done = sys_.unlink(at.c_str());
  if (done < 0 && done != -ENOENT)
    return fail_errno(static_cast<int>(-done), "remove %s", at.c_str());
  return {};
}

Result<> LocalStoredFiles::remove_directory(const std::string& path) {
  const std::string at = full(path);
  if (const int64_t done = sys_.rmdir(at.c_str()); done < 0 && done != -ENOENT)
    return fail_errno(static_cast<int>(-done), "remove %s", at.c_str());
  return sync_directory(sys_, parent_of(at));
}

}  // namespace kdump
