// What is mounted, and mounting a device's file system where a target can reach it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "targets/storage/block_device.h"

namespace kdump {

struct MountEntry {  // a line of /proc/self/mountinfo
  uint64_t device = 0;
  std::string root;  // the directory of the file system that is seen at `at`
  std::string at;
  std::string type;
  std::string source;
  std::string options;  // of the file system, such as vers=4.2,sec=sys
};

// Parses the text of mountinfo(5).
std::vector<MountEntry> parse_mounts(std::string_view text);
Result<std::vector<MountEntry>> read_mounts(Sys& sys);

// True if a file system of the device is mounted anywhere. btrfs reports a device number of its
// own, so the source's is compared as well.
Result<bool> is_mounted(Sys& sys, const BlockDevice& device);

// What mount(2) takes, for a file system that is no device's.
struct RemoteFs {
  std::string source;  // HOST:/EXPORT
  std::string type;
  std::string options;
};

// A file system while a target uses it. Unmounting can fail, and lose data: it is explicit.
class Mount {
 public:
  // Where it is mounted as a whole already, that place is used; else it is mounted below
  // mount_root, read-write, its journal replayed. devices[0] is mounted, others are parts of it.
  // Fails: unsupported, where the kernel lacks the file system; refused, where it is read-only.
  static Result<Mount> make(Sys& sys, const std::vector<BlockDevice>& devices,
                            const std::string& mount_root);

  // Mounted below mount_root, in a directory named after the type.
  // Fails: with mount(2)'s errno.
  static Result<Mount> make(Sys& sys, const RemoteFs& remote, const std::string& mount_root);

  const std::string& at() const { return at_; }
  bool is_ours() const { return is_ours_; }  // made here, and gone after finish()
  // Syncs it, and unmounts it if make() mounted it. If that fails it is detached: no process sees
  // it any longer, and the kernel lets go when its last user does.
  Result<> finish();
  // For a server that does not answer any more: what is under way to it is given up, nothing is
  // waited for.
  void abandon();

 private:
  Mount(Sys& sys, std::string at, bool is_ours)
      : sys_(&sys), at_(std::move(at)), is_ours_(is_ours) {}

  Sys* sys_;
  std::string at_;
  bool is_ours_;
};

// Whether this errno means that a call is not permitted or not supported, so that doing without it
// is the way on, as opposed to a device or server that fails.
bool is_withheld(int sys_errno);

}  // namespace kdump
