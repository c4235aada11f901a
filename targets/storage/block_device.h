// Lists block devices and finds the one that a URL names. A capture kernel has no udev: devices
// come from /sys/class/block, nodes from devtmpfs, identities from the devices themselves. Read
// only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "filter/base/observer.h"
#include "filter/base/sys.h"
#include "targets/storage/device_name.h"
#include "targets/storage/identity.h"
#include "targets/storage/partition_table.h"

namespace kdump {

struct BlockDevice {
  std::string name;  // in /sys/class/block
  std::string path;  // /dev/…
  uint64_t rdev = 0;
  uint64_t size_bytes = 0;
  std::string disk = {};  // name of a partition's disk; empty: not a partition
  uint32_t partition = 0;
  std::vector<std::string> partitions = {};  // of a whole disk: names
  std::vector<std::string> holders = {};     // devices on top of this one: md, dm, bcache…
  std::string mapper_name = {};              // name below /dev/mapper, which udev would make
  Identity identity = {};
  PartitionIdentity partition_identity = {};
  bool is_readable = true;  // false: no medium or an error; identities unknown

  std::string text() const;  // for messages: `vda1 (ext4 UUID=… LABEL=…)`
};

// Finds devices by name. Waits up to wait_s seconds for them and polls sysfs.
class DeviceFinder {
 public:
  DeviceFinder(Sys& sys, uint32_t wait_s, Observer& observer)
      : sys_(sys), wait_s_(wait_s), observer_(observer) {}

  // Finds one device. Fails: timeout, with a list of the present devices; refused, if several
  // match.
  Result<BlockDevice> find(const DeviceName& name);
  // Finds the device of a file system; for btrfs on several devices, all of them. Fails as find()
  // does.
  Result<std::vector<BlockDevice>> find_file_system(const DeviceName& name);
  // Waits for `count` members of the array with this UUID; after the deadline returns those
  // present. Fails: timeout, if there is none.
  Result<std::vector<BlockDevice>> find_array_members(const std::string& uuid, size_t count);
  // Returns true if the device is present now; does not wait.
  bool is_there(const DeviceName& name);

 private:
  void scan();
  Result<BlockDevice> describe(const std::string& name) const;
  void read_identities(BlockDevice& device) const;
  Result<std::vector<BlockDevice>> matches(const DeviceName& name) const;
  std::vector<BlockDevice> members(const BlockDevice& of) const;
  // Pauses and returns true; returns false after the deadline.
  bool wait_until(int64_t deadline_ms, const std::string& what);
  std::unexpected<Error> device_not_found(const DeviceName& name) const;

  Sys& sys_;
  uint32_t wait_s_;
  Observer& observer_;
  std::map<std::string, BlockDevice> seen_;
  bool is_announced_ = false;
};

}  // namespace kdump
