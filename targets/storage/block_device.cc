#include "targets/storage/block_device.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>

#include "filter/base/file.h"
#include "filter/base/text.h"
#include "targets/storage/file_image.h"

namespace kdump {
namespace {

constexpr char kClassBlock[] = "/sys/class/block/";
// A rescan reads a few small files of sysfs a device, so a short interval costs little.
constexpr int64_t kRescanMs = 100;
constexpr size_t kSysfsFileBytes = 4096;  // sysfs hands out a page at most

std::vector<std::string> list(Sys& sys, const std::string& directory) {
  std::vector<std::string> names;
  sys.list_directory(
      directory.c_str(),
      [](void* to, const char* name) {
        static_cast<std::vector<std::string>*>(to)->push_back(name);
      },
      &names);
  std::sort(names.begin(), names.end());
  return names;
}

// The number in a file of sysfs; `otherwise`, if there is no such file (or no number).
uint64_t number_in(Sys& sys, const std::string& path, uint64_t otherwise) {
  const auto text = read_small_file(sys, path, kSysfsFileBytes);
  uint64_t value = otherwise;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// "254:1\n" → the number that stat(2) has for it.
Result<uint64_t> parse_device_number(const std::string& text) {
  uint32_t numbers[2] = {};
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, numbers[0]);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':' ||
      std::from_chars(first.ptr + 1, end, numbers[1]).ec != std::errc())
    return fail(Kind::corrupt, "not a device number: %s", text.c_str());
  return makedev(numbers[0], numbers[1]);
}

bool is_same_id(const std::string& a, const std::string& b) {
  return strcasecmp(a.c_str(), b.c_str()) == 0;  // blkid prints FAT's in capitals, others small
}

bool is_same_btrfs(const BlockDevice& a, const BlockDevice& b) {
  return a.identity.devices > 1 && a.identity.type == b.identity.type &&
         a.identity.uuid == b.identity.uuid;
}

bool fits(const BlockDevice& device, const DeviceName& name, uint64_t path_rdev) {
  switch (name.by) {
    case DeviceName::By::path:
      return (path_rdev != 0 && device.rdev == path_rdev) ||
             (!device.mapper_name.empty() && name.value == "/dev/mapper/" + device.mapper_name);
    case DeviceName::By::uuid:
      return is_same_id(device.identity.uuid, name.value);
    case DeviceName::By::label:
      return device.identity.label == name.value;
    case DeviceName::By::partuuid:
      return is_same_id(device.partition_identity.uuid, name.value);
    case DeviceName::By::partlabel:
      return device.partition_identity.label == name.value;
  }
  return false;
}

}  // namespace

std::string BlockDevice::text() const {
  std::string all = name + " (" + (is_readable ? identity.text() : "unreadable");
  if (!partition_identity.uuid.empty()) all += " PARTUUID=" + partition_identity.uuid;
  if (!partition_identity.label.empty()) all += " PARTLABEL=" + printable(partition_identity.label);
  return all + ")";
}

Result<BlockDevice> DeviceFinder::describe(const std::string& name) const {
  const std::string in_sys = kClassBlock + name;
  BlockDevice device{.name = name, .path = "/dev/" + name};
  // A / in a device's name (cciss/c0d0) is a ! in sysfs.
  std::replace(device.path.begin(), device.path.end(), '!', '/');
  const std::string number = TRY(read_small_file(sys_, in_sys + "/dev", kSysfsFileBytes));
  device.rdev = TRY(parse_device_number(number));
  device.size_bytes = number_in(sys_, in_sys + "/size", 0) * 512;
  device.partition = static_cast<uint32_t>(number_in(sys_, in_sys + "/partition", 0));
  device.holders = list(sys_, in_sys + "/holders");
  if (auto mapper = read_small_file(sys_, in_sys + "/dm/name", kSysfsFileBytes))
    device.mapper_name = mapper->substr(0, mapper->find('\n'));
  for (const std::string& child : list(sys_, in_sys))
    if (child.starts_with(name) && number_in(sys_, in_sys + "/" + child + "/partition", 0) != 0)
      device.partitions.push_back(child);
  return device;
}

void DeviceFinder::read_identities(BlockDevice& device) const {
  device.is_readable = false;
  const auto file = File::open(sys_, device.path, O_RDONLY);
  if (!file) return;
  auto identity = read_identity(FileImage(*file, device.size_bytes));
  if (!identity) return;
  device.identity = std::move(*identity);
  device.is_readable = true;
  if (device.disk.empty()) return;
  const auto disk = File::open(sys_, seen_.at(device.disk).path, O_RDONLY);
  if (!disk) return;
  const uint64_t sector =
      number_in(sys_, kClassBlock + device.disk + "/queue/logical_block_size", 512);
  auto of_table = read_partition_identity(FileImage(*disk, seen_.at(device.disk).size_bytes),
                                          device.partition, static_cast<uint32_t>(sector));
  if (of_table) device.partition_identity = std::move(*of_table);
}

// Brings seen_ up to date. What has been read of a device holds as long as it has the same number
// and size: a drive without a medium has size 0.
void DeviceFinder::scan() {
  std::map<std::string, BlockDevice> now;
  std::set<std::string> fresh;
  for (const std::string& name : list(sys_, kClassBlock)) {
    auto device = describe(name);
    if (!device || device->size_bytes == 0) continue;  // gone again, or nothing in it
    const auto known = seen_.find(name);
    if (known != seen_.end() && known->second.is_readable && known->second.rdev == device->rdev &&
        known->second.size_bytes == device->size_bytes) {
      device->identity = known->second.identity;
      device->partition_identity = known->second.partition_identity;
    } else {
      fresh.insert(name);
    }
    now[name] = std::move(*device);
  }
  for (const auto& [name, disk] : now)
    for (const std::string& partition : disk.partitions)
      if (const auto found = now.find(partition); found != now.end()) found->second.disk = name;
  seen_ = std::move(now);
  for (const std::string& name : fresh) read_identities(seen_[name]);
}

Result<std::vector<BlockDevice>> DeviceFinder::matches(const DeviceName& name) const {
  uint64_t path_rdev = 0;
  if (name.by == DeviceName::By::path) {
    struct stat status {};
    if (sys_.stat(name.value.c_str(), status) >= 0) {
      if (!S_ISBLK(status.st_mode))
        return fail(Kind::refused, "%s is not a block device", name.value.c_str());
      path_rdev = status.st_rdev;
    }
  }
  std::vector<BlockDevice> found;
  for (const auto& [key, device] : seen_)
    if (fits(device, name, path_rdev)) found.push_back(device);
  // The path of a multipath disk is a part of the disk, and a partition that begins where its disk
  // does shows what the disk shows: the outermost of such is meant.
  const auto is_part_of_another = [&](const BlockDevice& device) {
    return std::any_of(found.begin(), found.end(), [&](const BlockDevice& other) {
      return std::count(device.holders.begin(), device.holders.end(), other.name) != 0 ||
             std::count(device.partitions.begin(), device.partitions.end(), other.name) != 0;
    });
  };
  std::vector<BlockDevice> outermost;
  std::copy_if(found.begin(), found.end(), std::back_inserter(outermost),
               [&](const BlockDevice& device) { return !is_part_of_another(device); });
  return outermost;
}

std::unexpected<Error> DeviceFinder::device_not_found(const DeviceName& name) const {
  std::string all;
  for (const auto& [key, device] : seen_) {
    observer_.note(("there is " + device.text()).c_str());
    all += (all.empty() ? "" : ", ") + device.text();
  }
  return fail(Kind::timeout, "%s: no such device within %" PRIu32 "s; there is %s",
              printable(name.text()).c_str(), wait_s_,
              all.empty() ? "no block device" : all.c_str());
}

bool DeviceFinder::wait_until(int64_t deadline_ms, const std::string& what) {
  const int64_t left_ms = deadline_ms - sys_.monotonic_ms();
  if (left_ms <= 0) return false;
  if (!is_announced_) observer_.waiting_for(what.c_str(), wait_s_);
  is_announced_ = true;
  sys_.sleep_ms(std::min(kRescanMs, left_ms));
  return true;
}

Result<BlockDevice> DeviceFinder::find(const DeviceName& name) {
  const int64_t deadline_ms = sys_.monotonic_ms() + int64_t{wait_s_} * 1000;
  const std::string called = printable(name.text());
  is_announced_ = false;
  do {
    scan();
    const auto found = TRY(matches(name));
    if (found.empty()) continue;
    const bool is_one = std::all_of(found.begin(), found.end(), [&](const BlockDevice& other) {
      return other.name == found[0].name || is_same_btrfs(other, found[0]);
    });
    if (!is_one)
      return fail(Kind::refused, "%s matches two devices: %s and %s", called.c_str(),
                  found[0].text().c_str(), found[1].text().c_str());
    return found[0];
  } while (wait_until(deadline_ms, "device " + called));
  return device_not_found(name);
}

std::vector<BlockDevice> DeviceFinder::members(const BlockDevice& of) const {
  std::vector<BlockDevice> all = {of};
  for (const auto& [key, other] : seen_)
    if (other.name != of.name && is_same_btrfs(other, of)) all.push_back(other);
  return all;
}

Result<std::vector<BlockDevice>> DeviceFinder::find_array_members(const std::string& uuid,
                                                                  size_t count) {
  const int64_t deadline_ms = sys_.monotonic_ms() + int64_t{wait_s_} * 1000;
  const std::string called = "the array " + printable(uuid);
  std::vector<BlockDevice> members;
  is_announced_ = false;
  do {
    scan();
    members.clear();
    for (const auto& [key, device] : seen_)
      if (device.identity.type == "linux_raid_member" && is_same_id(device.identity.uuid, uuid))
        members.push_back(device);
    if (members.size() >= count) return members;
  } while (wait_until(deadline_ms, "all of " + called));
  if (members.empty()) return device_not_found({DeviceName::By::uuid, uuid});
  observer_.note((called + ": " + std::to_string(members.size()) + " of " + std::to_string(count) +
                  " members are present; continuing with those")
                     .c_str());
  return members;
}

bool DeviceFinder::is_there(const DeviceName& name) {
  scan();
  const auto found = matches(name);
  return found && !found->empty();
}

Result<std::vector<BlockDevice>> DeviceFinder::find_file_system(const DeviceName& name) {
  const int64_t deadline_ms = sys_.monotonic_ms() + int64_t{wait_s_} * 1000;
  const BlockDevice first = TRY(find(name));
  if (!first.identity.is_mountable)
    return fail(Kind::unsupported, "%s holds no file system that can be mounted: %s",
                printable(name.text()).c_str(), first.text().c_str());
  for (;;) {
    const std::vector<BlockDevice> all = members(first);
    if (all.size() >= first.identity.devices) return all;
    if (!wait_until(deadline_ms, "the other devices of " + first.text()))
      return fail(Kind::timeout, "%s: its file system has %" PRIu64 " devices, %zu are there",
                  first.text().c_str(), first.identity.devices, all.size());
    scan();
  }
}

}  // namespace kdump
