#include "targets/storage/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "filter/base/file.h"

namespace kdump {
namespace {

// A line has about 150 bytes, and a machine with containers some thousand mounts.
constexpr size_t kMountinfoBytes = 4 << 20;
// Nothing on it is executed or trusted: it is only written to.
constexpr uint64_t kMountFlags = MS_NOATIME | MS_NOSUID | MS_NODEV | MS_NOEXEC;
// Mount points of earlier targets that could not be unmounted are in the way.
constexpr int kMaxMountPoints = 32;

// Spaces, tabs, newlines and backslashes are \040 and the like.
std::string unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t byte = 0;
    if (text[i] == '\\' && text.size() - i >= 4 &&
        std::from_chars(&text[i + 1], &text[i + 1] + 3, byte, 8).ptr == &text[i + 1] + 3) {
      plain += static_cast<char>(byte);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string_view next_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

// ID PARENT MAJOR:MINOR ROOT AT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS (proc(5))
MountEntry parse_mount(std::string_view line) {
  MountEntry entry;
  next_word(line);
  next_word(line);
  const std::string_view device = next_word(line);
  const size_t colon = std::min(device.find(':'), device.size());
  uint32_t numbers[2] = {};
  std::from_chars(device.data(), device.data() + colon, numbers[0]);
  std::from_chars(device.data() + std::min(colon + 1, device.size()), device.data() + device.size(),
                  numbers[1]);
  entry.device = makedev(numbers[0], numbers[1]);
  entry.root = unescape(next_word(line));
  entry.at = unescape(next_word(line));
  while (!line.empty() && next_word(line) != "-") {
  }
  entry.type = unescape(next_word(line));
  entry.source = unescape(next_word(line));
  entry.options = unescape(next_word(line));
  return entry;
}

bool is_of(Sys& sys, const MountEntry& entry, const BlockDevice& device) {
  if (entry.device == device.rdev) return true;
  if (!entry.source.starts_with("/dev/")) return false;
  struct stat status {};
  return sys.stat(entry.source.c_str(), status) >= 0 && S_ISBLK(status.st_mode) &&
         status.st_rdev == device.rdev;
}

bool is_same_or_below(const std::string& path, const std::string& directory) {
  return path == directory || directory == "/" || path.starts_with(directory + "/");
}

// Where the whole of the file system can be reached; one that a later mount hides cannot.
Result<std::optional<std::string>> existing_mount(Sys& sys, const BlockDevice& device) {
  const std::vector<MountEntry> mounts = TRY(read_mounts(sys));
  for (auto mount = mounts.begin(); mount != mounts.end(); ++mount) {
    if (mount->root != "/" || !is_of(sys, *mount, device)) continue;
    const bool is_hidden = std::any_of(mount + 1, mounts.end(), [&](const MountEntry& later) {
      return is_same_or_below(mount->at, later.at);
    });
    if (!is_hidden) return mount->at;
  }
  return std::nullopt;
}

std::unexpected<Error> mount_error(int sys_errno, const BlockDevice& device) {
  const char* const type = device.identity.type.c_str();
  if (sys_errno == ENODEV)
    return fail(Kind::unsupported,
                "this kernel does not support the file system %s (module not loaded?); %s", type,
                device.text().c_str());
  const bool is_read_only = sys_errno == EACCES || sys_errno == EROFS;
  const bool is_damaged = sys_errno == EINVAL || sys_errno == EBADMSG || sys_errno == EUCLEAN;
  return fail_errno(sys_errno, "mount %s as %s%s", device.path.c_str(), type,
                    is_read_only ? " (is the device read-only?)"
                    : is_damaged ? " (damaged? then fsck it)"
                                 : "");
}

Result<> make_mount_point(Sys& sys, const std::string& mount_root, const std::string& at) {
  for (const std::string& path : {mount_root, at})
    if (const int64_t made = sys.mkdir(path.c_str(), 0700); made < 0 && made != -EEXIST)
      return fail_errno(static_cast<int>(-made), "make mount point %s", path.c_str());
  return {};
}

// MOUNT_ROOT/TYPE-N that is not there yet: an old one may have a dead server's export on it.
Result<std::string> new_mount_point(Sys& sys, const std::string& mount_root,
                                    const std::string& type) {
  sys.mkdir(mount_root.c_str(), 0700);  // if it cannot be made, the next one says why
  for (int i = 1; i <= kMaxMountPoints; ++i) {
    const std::string at = mount_root + "/" + type + "-" + std::to_string(i);
    const int64_t made = sys.mkdir(at.c_str(), 0700);
    if (made >= 0) return at;
    if (made != -EEXIST)
      return fail_errno(static_cast<int>(-made), "make mount point %s", at.c_str());
  }
  return fail(Kind::refused, "%s has %d mount points of %s already", mount_root.c_str(),
              kMaxMountPoints, type.c_str());
}

}  // namespace

std::vector<MountEntry> parse_mounts(std::string_view text) {
  std::vector<MountEntry> mounts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    mounts.push_back(parse_mount(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return mounts;
}

Result<std::vector<MountEntry>> read_mounts(Sys& sys) {
  return parse_mounts(TRY(read_small_file(sys, "/proc/self/mountinfo", kMountinfoBytes)));
}

Result<bool> is_mounted(Sys& sys, const BlockDevice& device) {
  const std::vector<MountEntry> mounts = TRY(read_mounts(sys));
  return std::any_of(mounts.begin(), mounts.end(),
                     [&](const MountEntry& entry) { return is_of(sys, entry, device); });
}

Result<Mount> Mount::make(Sys& sys, const std::vector<BlockDevice>& devices,
                          const std::string& mount_root) {
  const BlockDevice& device = devices.front();
  if (const auto there = TRY(existing_mount(sys, device))) return Mount(sys, *there, false);

  const std::string at = mount_root + "/" + device.name;
  TRY(make_mount_point(sys, mount_root, at));
  // A btrfs as a whole, as existing_mount() takes it: with the subvolume that mounts by default,
  // which on some distributions is a snapshot, a directory would mean another one. And it finds its
  // other devices only if their names are passed.
  std::string options = device.identity.type == "btrfs" ? "subvolid=5" : "";
  for (size_t i = 1; i < devices.size(); ++i)
    options += (options.empty() ? "device=" : ",device=") + devices[i].path;
  const int64_t done = sys.mount(device.path.c_str(), at.c_str(), device.identity.type.c_str(),
                                 kMountFlags, options.c_str());
  if (done < 0) {
    sys.rmdir(at.c_str());
    return mount_error(static_cast<int>(-done), device);
  }
  return Mount(sys, at, true);
}

Result<Mount> Mount::make(Sys& sys, const RemoteFs& remote, const std::string& mount_root) {
  const std::string at = TRY(new_mount_point(sys, mount_root, remote.type));
  const int64_t done = sys.mount(remote.source.c_str(), at.c_str(), remote.type.c_str(),
                                 kMountFlags, remote.options.c_str());
  if (done >= 0) return Mount(sys, at, true);
  sys.rmdir(at.c_str());
  return fail_errno(static_cast<int>(-done), "mount %s", remote.source.c_str());
}

void Mount::abandon() {
  sys_->umount(at_.c_str(), MNT_FORCE | MNT_DETACH);
  sys_->rmdir(at_.c_str());
}

Result<> Mount::finish() {
  Result<> result;
  {
    const auto directory = File::open(*sys_, at_, O_RDONLY | O_DIRECTORY);
    if (!directory) {
      // Files are synced one by one, and unmounting syncs as well.
      if (!is_access_denied(directory.error().sys_errno))
        result = std::unexpected(directory.error());
    } else if (const int64_t done = sys_->syncfs(directory->fd()); done < 0) {
      result = fail_errno(static_cast<int>(-done), "sync the file system at %s", at_.c_str());
    }
  }
  if (!is_ours_) return result;
  const int64_t done = sys_->umount(at_.c_str(), 0);
  if (done < 0) {
    const int64_t detached = sys_->umount(at_.c_str(), MNT_DETACH);
    if (result)
      result = fail_errno(static_cast<int>(-done), "unmount %s (%s)", at_.c_str(),
                          detached < 0 ? "it remains mounted" : "detached instead");
  }
  sys_->rmdir(at_.c_str());
  return result;
}

bool is_access_denied(int sys_errno) {
  switch (sys_errno) {
    case EACCES:
    case EPERM:
    case ENOSYS:
    case EOPNOTSUPP:
    case EINVAL:
      return true;
    default:
      return false;
  }
}

}  // namespace kdump
