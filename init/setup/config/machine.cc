#include "init/setup/config/machine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "filter/base/text.h"
#include "init/setup/config/words.h"
#include "targets/storage/file_image.h"

namespace kdump {
namespace {

// mountinfo of a machine with some thousand containers.
constexpr size_t kMaxFileBytes = 4 << 20;
constexpr int kMaxLinks = 40;  // as the kernel
constexpr size_t kMaxNames = 10'000;

bool lies_below(const std::string& path, const std::string& directory) {
  return path == directory || directory == "/" || path.starts_with(directory + "/");
}

// How udev writes a label in the name of a link: other characters as \x20.
std::string udev_name(std::string_view label) {
  constexpr std::string_view kPlain = "#+-.:=@_/";
  std::string name;
  for (const char c : label) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80 ||
                          (kPlain.find(c) != kPlain.npos && c != '/');
    name += is_plain ? std::string(1, c) : text("\\x%02x", static_cast<unsigned char>(c));
  }
  return name;
}

}  // namespace

bool Machine::exists(const std::string& path) const {
  struct stat status {};
  return sys_.stat(outer(canonical(path)).c_str(), status) >= 0;
}

bool Machine::is_file(const std::string& path) const {
  struct stat status {};
  return sys_.stat(outer(canonical(path)).c_str(), status) >= 0 && S_ISREG(status.st_mode);
}

bool Machine::is_executable_file(const std::string& path) const {
  struct stat status {};
  return sys_.stat(outer(canonical(path)).c_str(), status) >= 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

Result<std::string> Machine::read(const std::string& path) const {
  return read_small_file(sys_, outer(canonical(path)), kMaxFileBytes);
}

std::vector<std::string> Machine::list(const std::string& directory) const {
  std::vector<std::string> names;
  sys_.list_directory(
      outer(canonical(directory)).c_str(),
      [](void* into, const char* name) {
        auto& all = *static_cast<std::vector<std::string>*>(into);
        if (all.size() < kMaxNames) all.emplace_back(name);
      },
      &names);
  std::sort(names.begin(), names.end());
  return names;
}

std::string Machine::canonical(std::string_view path) const {
  std::string done;
  std::vector<std::string> left = split_at(path, '/');
  std::reverse(left.begin(), left.end());
  for (int links = 0; !left.empty();) {
    const std::string part = std::move(left.back());
    left.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      done.erase(std::min(done.rfind('/'), done.size()));
      continue;
    }
    const std::string next = done + "/" + part;
    char target[4096] = {};  // PATH_MAX
    const auto out = std::span(target).first(sizeof target - 1);
    if (sys_.readlink(outer(next).c_str(), out) < 0 || ++links > kMaxLinks) {
      done = next;
      continue;
    }
    if (target[0] == '/') done.clear();
    std::vector<std::string> inside = split_at(target, '/');
    left.insert(left.end(), inside.rbegin(), inside.rend());
  }
  return done.empty() ? "/" : done;
}

const std::vector<MountEntry>& Machine::mounts() const {
  if (!mounts_are_read_) {
    mounts_are_read_ = true;
    // Not through canonical(): /proc/self is a link of the reader.
    if (const auto text = read_small_file(sys_, outer("/proc/self/mountinfo"), kMaxFileBytes))
      mounts_ = parse_mounts(*text);
  }
  return mounts_;
}

const MountEntry* Machine::mount_at(const std::string& path) const {
  const MountEntry* found = nullptr;
  // Of mounts on one directory the last one is seen.
  for (const MountEntry& mount : mounts())
    if (lies_below(path, mount.at) && (!found || mount.at.size() >= found->at.size()))
      found = &mount;
  return found;
}

const MountEntry* Machine::mount_of(const std::string& source) const {
  const std::string node = find_device(source);
  for (const MountEntry& mount : mounts())
    if (mount.source == source ||
        (!node.empty() && mount.source.starts_with("/dev/") && canonical(mount.source) == node))
      return &mount;
  return nullptr;
}

std::string Machine::find_device(const std::string& name) const {
  struct Tag {
    std::string_view prefix, directory;
  };
  constexpr Tag kTags[] = {{"UUID=", "/dev/disk/by-uuid/"},
                           {"LABEL=", "/dev/disk/by-label/"},
                           {"PARTUUID=", "/dev/disk/by-partuuid/"},
                           {"PARTLABEL=", "/dev/disk/by-partlabel/"}};
  std::string path;
  if (name.starts_with("/dev/")) path = name;
  for (const Tag& tag : kTags)
    if (name.starts_with(tag.prefix))
      path =
          std::string(tag.directory) + udev_name(std::string_view(name).substr(tag.prefix.size()));
  return !path.empty() && exists(path) ? canonical(path) : std::string();
}

std::string Machine::uuid_of(const std::string& node) const {
  const std::string directory = "/dev/disk/by-uuid/";
  for (const std::string& uuid : list(directory))
    if (canonical(directory + uuid) == node) return uuid;
  struct stat status {};
  if (sys_.stat(outer(node).c_str(), status) < 0 || !S_ISBLK(status.st_mode)) return {};
  const auto file = File::open(sys_, outer(node), O_RDONLY);
  if (!file) return {};
  const auto size = file->size();
  if (!size) return {};
  const auto identity = read_identity(FileImage(*file, *size));
  return identity ? identity->uuid : std::string();
}

std::string Machine::device_name(const MountEntry& mount) const {
  // /dev/root, of a kernel that mounted its root without an initramfs, names no node.
  std::string source = mount.source;
  if (!exists(source) && major(mount.device) != 0)
    if (const std::string link = text("/dev/block/%u:%u", major(mount.device), minor(mount.device));
        exists(link))
      source = canonical(link);
  const std::string uuid = uuid_of(canonical(source));
  return uuid.empty() ? source : "UUID=" + uuid;
}

}  // namespace kdump
