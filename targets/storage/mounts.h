// Lists mounts, and mounts a file system for a target.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "targets/storage/block_device.h"

namespace kdump {

struct MountEntry {  // a line of /proc/self/mountinfo
  uint64_t device = 0;
  std::string root;  // directory of the file system that is mounted
  std::string at;
  std::string type;
  std::string source;
  std::string options;  // of the file system, such as vers=4.2,sec=sys
};

// Parses the text of mountinfo(5).
std::vector<MountEntry> parse_mounts(std::string_view text);
// Reads /proc/self/mountinfo. Fails: io.
Result<std::vector<MountEntry>> read_mounts(Sys& sys);

// Returns true if a file system of the device is mounted. Compares the mount's source as well,
// since btrfs reports other device numbers. Fails: io.
Result<bool> is_mounted(Sys& sys, const BlockDevice& device);

// Arguments of mount(2) for a file system without a block device.
struct RemoteFs {
  std::string source;  // HOST:/EXPORT
  std::string type;
  std::string options;
};

// A mounted file system. finish() is explicit because unmounting can fail and lose data.
class Mount {
 public:
  // Uses an existing mount of the whole file system, or mounts it below mount_root, read-write,
  // with its journal replayed. devices[0] is mounted; the others belong to the same file system.
  // Fails: unsupported, if the kernel lacks the file system; refused, if it is read-only; io.
  static Result<Mount> make(Sys& sys, const std::vector<BlockDevice>& devices,
                            const std::string& mount_root);

  // Mounts below mount_root, in a directory with the name of the type. Fails: with mount(2)'s
  // errno.
  static Result<Mount> make(Sys& sys, const RemoteFs& remote, const std::string& mount_root);

  const std::string& at() const { return at_; }
  bool is_ours() const { return is_ours_; }  // mounted by make(); finish() unmounts it
  // Syncs the file system, and unmounts it if make() mounted it. If unmounting fails, detaches it
  // (MNT_DETACH): the kernel unmounts it after its last use.
  Result<> finish();
  // Detaches the mount of a server that no longer answers: drops pending requests and does not
  // wait.
  void abandon();

 private:
  Mount(Sys& sys, std::string at, bool is_ours)
      : sys_(&sys), at_(std::move(at)), is_ours_(is_ours) {}

  Sys* sys_;
  std::string at_;
  bool is_ours_;
};

// Returns true if this errno means that a call is not permitted or unsupported, so that the caller
// can continue without it, and not that a device or server failed.
bool is_access_denied(int sys_errno);

}  // namespace kdump
