#include "targets/crash_directory.h"

#include <fcntl.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "filter/base/file.h"
#include "targets/local_file.h"

namespace kdump {
namespace {

// include/uapi/linux/magic.h; rootfs shows as one of the first two.
constexpr uint64_t kRamfsMagic = 0x858458f6, kTmpfsMagic = 0x01021994, kMsdosMagic = 0x4d44,
                   kNfsMagic = 0x6969;
constexpr uint64_t kReadOnlyFlag = 1;                   // ST_RDONLY, kernel: include/linux/statfs.h
constexpr uint64_t kFatLargestFile = (1ull << 32) - 1;  // a 32-bit size field
// So many crashes in one second: something else is wrong.
constexpr int kMostOfOneName = 1000;

// Makes every directory of path below root that is not there; made: the names of those it made. One
// that exists may refuse to be made again by other errors than EEXIST (a server's permissions);
// whether it is there, the next step finds out. Returns the first failure that may matter to it.
Result<> make_directories(Sys& sys, const std::string& root, const std::string& path,
                          std::vector<std::string>& made_here) {
  Result<> result;
  for (size_t slash = 0; slash != std::string::npos;) {
    slash = path.find('/', slash + 1);
    const std::string upto = root + path.substr(0, slash);
    const int64_t made = sys.mkdir(upto.c_str(), 0755);
    if (made < 0) {
      if (made != -EEXIST && result)
        result = fail_errno(static_cast<int>(-made), "make directory %s", upto.c_str());
      continue;
    }
    made_here.push_back(upto);
    TRY(sync_directory(sys, parent_of(upto)));
  }
  return result;
}

// What has just been made, or was there, and yet is not.
std::unexpected<Error> no_way(const Error& why) {
  if (why.sys_errno != ENOENT) return std::unexpected(why);
  return wrap(why, "a link on the way leads nowhere (an absolute one?)");
}

// Already gone is as good.
Result<> remove(int64_t done, const std::string& path) {
  if (done >= 0 || done == -ENOENT) return {};
  return fail_errno(static_cast<int>(-done), "remove %s", path.c_str());
}

std::string without_trailing_slashes(std::string path) {
  path.resize(path.find_last_not_of('/') + 1);
  return path;
}

}  // namespace

bool MountedFs::is_volatile() const { return magic == kRamfsMagic || magic == kTmpfsMagic; }

WriteBack::How MountedFs::write_back() const {
  return magic == kNfsMagic ? WriteBack::How::commit : WriteBack::How::sync_file_range;
}

Result<MountedFs> look_at_fs(Sys& sys, const std::string& path) {
  // O_PATH: a directory that may be written to need not be readable.
  const File directory = TRY(File::open(sys, path, O_PATH | O_DIRECTORY));
  struct statfs status {};
  if (const int64_t done = sys.fstatfs(directory.fd(), status); done < 0) {
    if (is_withheld(static_cast<int>(-done))) return MountedFs{};
    return fail_errno(static_cast<int>(-done), "statfs %s", path.c_str());
  }
  MountedFs fs{.magic = static_cast<uint64_t>(status.f_type) & 0xffffffff,
               .is_read_only = (static_cast<uint64_t>(status.f_flags) & kReadOnlyFlag) != 0};
  const auto block = static_cast<uint64_t>(status.f_frsize ? status.f_frsize : status.f_bsize);
  fs.space.free_bytes = static_cast<uint64_t>(status.f_bavail) * block;
  if (fs.magic == kMsdosMagic) fs.space.largest_file = kFatLargestFile;
  return fs;
}

Result<CrashDirectory> CrashDirectory::make(Sys& sys, const std::string& root,
                                            const std::string& directory, const std::string& name,
                                            const MountedFs& fs) {
  const std::string top = without_trailing_slashes(root);  // "" is /
  const std::string parent = without_trailing_slashes(top + directory);
  std::vector<std::string> above;
  if (parent.size() > top.size()) {
    const Result<> made = make_directories(sys, top, parent.substr(top.size()), above);
    if (!made && !look_at_fs(sys, parent)) return no_way(made.error());
  }
  // An absolute link in the directory leads out of the file system, in the capture kernel into its
  // memory.
  const auto reached = look_at_fs(sys, parent.empty() ? "/" : parent);
  if (!reached) return no_way(reached.error());
  if (reached->magic != 0 && fs.magic != 0 && reached->magic != fs.magic)
    return fail(Kind::refused, "%s leads to another file system (an absolute link?)",
                parent.c_str());

  std::string base = parent + "/" + name;
  for (int i = 0; i < kMostOfOneName; ++i) {
    const std::string path = i == 0 ? base : base + "." + std::to_string(i);
    const int64_t made = sys.mkdir(path.c_str(), 0700);
    if (made == -EEXIST) continue;
    if (made == -EINVAL && base.find(':', parent.size()) != std::string::npos) {
      std::replace(base.begin() + static_cast<int64_t>(parent.size()), base.end(), ':', '-');
      i = -1;  // from the start, with the other name
      continue;
    }
    if (made < 0) return fail_errno(static_cast<int>(-made), "make directory %s", path.c_str());
    TRY(sync_directory(sys, parent_of(path)));
    return CrashDirectory(sys, path, std::move(above), fs.write_back());
  }
  return fail(Kind::refused, "%s exists %d times", base.c_str(), kMostOfOneName);
}

Result<std::unique_ptr<TargetFile>> CrashDirectory::create(const char* name) {
  auto file = TRY(LocalFile::create(*sys_, path_ + "/" + name, write_back_));
  files_.push_back(path_ + "/" + name);
  return file;
}

Result<> CrashDirectory::discard() {
  for (const std::string& file : files_)
    for (const std::string& name : {file, file + "-incomplete"})
      TRY(remove(sys_->unlink(name.c_str()), name));
  TRY(remove(sys_->rmdir(path_.c_str()), path_));
  std::string changed = parent_of(path_);
  for (auto above = above_.rbegin(); above != above_.rend(); ++above) {
    const int64_t done = sys_->rmdir(above->c_str());
    if (done == -ENOTEMPTY || done == -EEXIST) break;
    TRY(remove(done, *above));
    changed = parent_of(*above);
  }
  return sync_directory(*sys_, changed);
}

}  // namespace kdump
