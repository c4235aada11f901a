// The machine whose configuration is read: its files, what is mounted there, and the names of its
// devices. Reads only, below a root directory ("" for this machine). Links are followed within it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "targets/storage/mounts.h"

namespace kdump {

class Machine {
 public:
  Machine(Sys& sys, std::string root) : sys_(sys), root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  Sys& sys() const { return sys_; }
  // The name by which this program opens a file of the machine.
  std::string outer(std::string_view path) const { return root_ + std::string(path); }

  bool exists(const std::string& path) const;
  bool is_executable_file(const std::string& path) const;
  bool is_file(const std::string& path) const;
  // Fails: refused, if it is larger than a configuration can be.
  Result<std::string> read(const std::string& path) const;
  // The names in a directory, sorted; none where it is missing.
  std::vector<std::string> list(const std::string& directory) const;
  // The path without links, "." and ".."; parts that do not exist are kept as written.
  std::string canonical(std::string_view path) const;

  // The file system that a canonical, existing path lies on. Null: nothing is mounted.
  const MountEntry* mount_at(const std::string& path) const;
  // The first mount of a source, which is a device as in find_device() or HOST:/EXPORT.
  const MountEntry* mount_of(const std::string& source) const;

  // The node of UUID=…, LABEL=…, PARTUUID=…, PARTLABEL=… or /dev/…; "" where there is none.
  std::string find_device(const std::string& name) const;
  // UUID=… of the file system on the device of this mount, else the device's name.
  std::string device_name(const MountEntry& mount) const;

 private:
  const std::vector<MountEntry>& mounts() const;
  // What /dev/disk/by-uuid or the file system itself has; "" for none.
  std::string uuid_of(const std::string& node) const;

  Sys& sys_;
  std::string root_;
  mutable std::vector<MountEntry> mounts_;
  mutable bool mounts_are_read_ = false;
};

}  // namespace kdump
