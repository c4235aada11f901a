#include "targets/directory/crash_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "filter/base/file.h"
#include "targets/crash_files.h"
#include "targets/directory/local_file.h"
#include "targets/storage/mounts.h"

namespace kdump {
namespace {

// include/uapi/linux/magic.h; rootfs shows as one of the first two.
constexpr uint64_t kRamfsMagic = 0x858458f6, kTmpfsMagic = 0x01021994, kMsdosMagic = 0x4d44,
                   kNfsMagic = 0x6969, kExt4Magic = 0xef53, kF2fsMagic = 0xf2f52010,
                   kExfatMagic = 0x2011bab0, kHfsPlusMagic = 0x482b, kSmbMagic = 0x517b,
                   kCifsMagic = 0xff534d42, kSmb2Magic = 0xfe534d42, kCephMagic = 0x00c36400,
                   kFuseMagic = 0x65735546, k9pMagic = 0x01021997;
// Those that keep blocks for root beyond f_bavail; btrfs counts other things in f_bfree.
constexpr uint64_t kWithReserve[] = {kExt4Magic, kF2fsMagic};
// Those whose space is what a server, or a program, says of it.
constexpr uint64_t kRemote[] = {kNfsMagic,  kSmbMagic,  kCifsMagic, kSmb2Magic,
                                kCephMagic, kFuseMagic, k9pMagic};
constexpr uint64_t kWithoutHoles[] = {kMsdosMagic, kExfatMagic, kHfsPlusMagic,
                                      kSmbMagic,   kCifsMagic,  kSmb2Magic};
// What stays free of the reserve on a system's own file system: the larger of the two.
constexpr uint64_t kFloorBytes = 64 << 20, kFloorShare = 100;
constexpr uint64_t kReadOnlyFlag = 1;                   // ST_RDONLY, kernel: include/linux/statfs.h
constexpr uint64_t kFatLargestFile = (1ull << 32) - 1;  // a 32-bit size field
// So many crashes in one second: something else is wrong.
constexpr int kMostOfOneName = 1000;
constexpr int kMostDepth = 64;  // of a target's directory in its file system

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

template <size_t kCount>
bool is_one_of(uint64_t magic, const uint64_t (&list)[kCount]) {
  return std::ranges::find(list, magic) != std::end(list);
}

// The uppermost directory of path's file system, as far as it can be reached.
std::string top_of(Sys& sys, std::string path, struct stat here) {
  for (int depth = 0; depth < kMostDepth; ++depth) {
    const std::string above = path + "/..";
    struct stat status {};
    if (sys.stat(above.c_str(), status) < 0 || status.st_dev != here.st_dev) break;
    if (status.st_ino == here.st_ino) break;  // the root is its own parent
    path = above;
    here = status;
  }
  return path;
}

// Whether a machine starts from this file system: it is this system's / or /var, or has what one
// of those has. In doubt it is.
bool is_of_a_system(Sys& sys, const std::string& path) {
  struct stat here {};
  if (sys.stat(path.c_str(), here) < 0) return true;
  for (const char* const own : {"/", "/var"})
    if (struct stat status{}; sys.stat(own, status) >= 0 && status.st_dev == here.st_dev)
      return true;
  const std::string top = top_of(sys, path, here);
  const auto has = [&](const char* name) {
    struct stat status {};
    const int64_t done = sys.stat((top + "/" + name).c_str(), status);
    return done >= 0 || (done != -ENOENT && done != -ENOTDIR);
  };
  return (has("etc") && has("usr")) || (has("lib") && has("log"));
}

// Of the file system at path, in its blocks: what root alone may still use.
uint64_t reserved_blocks(Sys& sys, const std::string& path, const struct statfs& status,
                         uint64_t block) {
  if (status.f_bfree <= status.f_bavail) return 0;
  uint64_t floor = 0;
  if (is_of_a_system(sys, path))
    floor = std::max(kFloorBytes / block, static_cast<uint64_t>(status.f_blocks) / kFloorShare);
  const uint64_t usable = status.f_bfree > floor ? status.f_bfree - floor : 0;
  return usable > status.f_bavail ? usable - status.f_bavail : 0;
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

Result<MountedFs> read_mounted_fs(Sys& sys, const std::string& path) {
  // O_PATH: a directory that may be written to need not be readable.
  const File directory = TRY(File::open(sys, path, O_PATH | O_DIRECTORY));
  struct statfs status {};
  if (const int64_t done = sys.fstatfs(directory.fd(), status); done < 0) {
    if (is_withheld(static_cast<int>(-done))) return MountedFs{};
    return fail_errno(static_cast<int>(-done), "statfs %s", path.c_str());
  }
  MountedFs fs{.magic = static_cast<uint64_t>(status.f_type) & 0xffffffff,
               .is_read_only = (static_cast<uint64_t>(status.f_flags) & kReadOnlyFlag) != 0};
  const auto block = std::max<uint64_t>(
      static_cast<uint64_t>(status.f_frsize ? status.f_frsize : status.f_bsize), 1);
  // Where there are no blocks at all, nothing is known of them: rootfs, some in FUSE.
  if (status.f_blocks != 0) fs.space.free_bytes = static_cast<uint64_t>(status.f_bavail) * block;
  if (is_one_of(fs.magic, kWithReserve))
    fs.space.reserved_bytes = reserved_blocks(sys, path, status, block) * block;
  fs.space.is_hint = is_one_of(fs.magic, kRemote);
  fs.space.gaps_take_room = is_one_of(fs.magic, kWithoutHoles);
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
    if (!made && !read_mounted_fs(sys, parent)) return no_way(made.error());
  }
  // An absolute link in the directory leads out of the file system, in the capture kernel into its
  // memory.
  const auto reached = read_mounted_fs(sys, parent.empty() ? "/" : parent);
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
    for (const std::string& name : {file, incomplete_name(file)})
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
