// Which block devices there are, and which of them a URL means. There is no udev in a capture
// kernel: /sys/class/block says what exists, devtmpfs has the nodes, and the identities are read
// from the devices themselves. Nothing is written here.
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
  std::string name;  // as in /sys/class/block
  std::string path;  // /dev/…
  uint64_t rdev = 0;
  uint64_t size_bytes = 0;
  std::string disk = {};  // the whole disk of a partition; "": it is one itself
  uint32_t partition = 0;
  std::vector<std::string> partitions = {};  // of a whole disk: names
  std::vector<std::string> holders = {};     // the devices made out of this one: md, dm, bcache…
  std::string mapper_name = {};              // /dev/mapper's, which without udev is nowhere else
  Identity identity = {};
  PartitionIdentity partition_identity = {};
  bool is_readable = true;  // false: no medium, or it gave an error; the identities are unknown

  std::string text() const;  // for messages: `vda1 (ext4 UUID=… LABEL=…)`
};

// Finds what a name means, waiting for it at most wait_s by reading sysfs again and again.
class DeviceFinder {
 public:
  DeviceFinder(Sys& sys, uint32_t wait_s, Observer& observer)
      : sys_(sys), wait_s_(wait_s), observer_(observer) {}

  // Fails: timeout, listing what there is instead; refused, if the name fits several devices.
  Result<BlockDevice> find(const DeviceName& name);
  // The device that holds a file system and, of a btrfs that is spread over several, the others.
  Result<std::vector<BlockDevice>> find_file_system(const DeviceName& name);
  // The members of the array with this UUID: as soon as `count` are there, and at the end of the
  // wait those that are. Fails: timeout, if there is none.
  Result<std::vector<BlockDevice>> find_array_members(const std::string& uuid, size_t count);
  // Whether it is there now, without waiting.
  bool is_there(const DeviceName& name);

 private:
  void scan();
  Result<BlockDevice> describe(const std::string& name) const;
  void read_identities(BlockDevice& device) const;
  Result<std::vector<BlockDevice>> matches(const DeviceName& name) const;
  std::vector<BlockDevice> members(const BlockDevice& of) const;
  // True once more, after a pause, until the deadline has passed.
  bool wait_until(int64_t deadline_ms, const std::string& what);
  std::unexpected<Error> nothing_found(const DeviceName& name) const;

  Sys& sys_;
  uint32_t wait_s_;
  Observer& observer_;
  std::map<std::string, BlockDevice> seen_;
  bool is_announced_ = false;
};

}  // namespace kdump
