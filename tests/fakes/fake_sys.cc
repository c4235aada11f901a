// FakeSys: the calls on open files, and the clock. Calls on names are in fake_names.cc, the scene
// in fake_scene.cc.
#include "tests/fakes/fake_sys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kdump {
namespace {

constexpr uint64_t kBlock = 4096;
constexpr int kReadOnly = 1;  // ST_RDONLY, which only <sys/statvfs.h> has

bool is_directory(const NodePtr& node) { return node->type == FakeNode::Type::directory; }

}  // namespace

int64_t FakeSys::enter() {
  ++calls_;
  if (before_each) before_each();
  const bool cut = faults_.cut_nth && calls_ >= faults_.cut_nth;
  const bool fails = faults_.fail_nth &&
                     (faults_.for_ever ? calls_ >= faults_.fail_nth : calls_ == faults_.fail_nth);
  if (!cut && !fails) return 0;
  fired_ = true;
  return cut ? -EIO : -faults_.with;
}

NodePtr FakeSys::make_node(FakeNode::Type type, FakeFs* fs) {
  auto node = std::make_shared<FakeNode>();
  node->type = type;
  node->inode = next_inode_++;
  node->fs = fs;
  return node;
}

FakeSys::Open* FakeSys::file_of(int fd) {
  const auto file = open_.find(fd);
  return file == open_.end() ? nullptr : &file->second;
}

int64_t FakeSys::open(const char* path, int flags, uint32_t mode) {
  if (const int64_t fault = enter()) return fault;
  NodePtr node = find(path);
  if (strcmp(path, "/proc/self/mountinfo") == 0) {
    const std::string text = mountinfo();
    node = make_node(FakeNode::Type::file, root_);
    node->content.write(0, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
  // Not O_ACCMODE: musl's has O_PATH in it.
  const bool writes = (flags & (O_WRONLY | O_RDWR)) != 0;
  if (!node) {
    if (!(flags & O_CREAT)) return -ENOENT;
    std::string name;
    const NodePtr parent = walk(path, &name);
    if (const int64_t why = refusal(parent, name)) return why;
    node = make_node(FakeNode::Type::file, parent->fs);
    node->mode = mode;
    parent->entries.add(name, node);
  } else if ((flags & O_CREAT) && (flags & O_EXCL)) {
    return -EEXIST;
  } else if (is_directory(node) && writes) {
    return -EISDIR;
  } else if ((flags & O_DIRECTORY) && !is_directory(node)) {
    return -ENOTDIR;
  } else if (writes && node->type == FakeNode::Type::file && node->fs->read_only) {
    return -EROFS;
  }
  if (node->type == FakeNode::Type::block_device && (flags & O_EXCL)) {
    const bool mounted = std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& mount) {
      return find(mount.source) == node;
    });
    if (mounted || node->claimed) return -EBUSY;
    node->claimed = true;
  }
  if (flags & O_TRUNC) node->content.truncate(0);
  open_[next_fd_] = {.node = node, .flags = flags, .path = path};
  return next_fd_++;
}

int64_t FakeSys::close(int fd) {
  Open* file = file_of(fd);
  if (!file) return -EBADF;
  if (file->flags & O_EXCL) file->node->claimed = false;
  open_.erase(fd);
  return 0;
}

int64_t FakeSys::read_from(const Open& file, MutableBytes out, uint64_t offset) const {
  if (is_directory(file.node)) return -EISDIR;
  if (file.node->fs && file.node->fs->unreadable) return -EIO;
  const std::vector<uint8_t>& from = file.node->content.now();
  if (offset >= from.size()) return 0;
  size_t size = std::min<uint64_t>(out.size(), from.size() - offset);
  if (faults_.short_io_bytes) size = std::min(size, faults_.short_io_bytes);
  for (const FakeNode::BadBytes& bad : file.node->bad)
    if (offset < bad.end && offset + size > bad.begin) return -bad.error;
  std::copy_n(from.begin() + offset, size, out.begin());
  return static_cast<int64_t>(size);
}

int64_t FakeSys::write_to(Open& file, Bytes data, uint64_t offset) {
  if ((file.flags & (O_WRONLY | O_RDWR)) == 0) return -EBADF;
  uint64_t size = data.size();
  if (faults_.short_io_bytes) size = std::min<uint64_t>(size, faults_.short_io_bytes);
  const uint64_t old_size = file.node->content.now().size();
  if (file.node->type == FakeNode::Type::block_device) {
    if (offset >= old_size) return -ENOSPC;
    size = std::min(size, old_size - offset);
  } else {
    FakeFs& fs = *file.node->fs;
    if (offset >= fs.largest_file) return -EFBIG;
    size = std::min(size, fs.largest_file - offset);
    // A gap that is skipped takes room as well, as on vfat, unless there are holes.
    if (offset + size > old_size) {
      const uint64_t from = fs.has_holes ? std::max(old_size, offset) : old_size;
      const uint64_t room = from + fs.free_bytes;
      if (offset >= room) return -ENOSPC;
      size = std::min(size, room - offset);
      if (offset + size > from) fs.free_bytes -= offset + size - from;
    }
  }
  file.node->content.write(offset, data.first(size));
  return static_cast<int64_t>(size);
}

int64_t FakeSys::read(int fd, MutableBytes out) {
  if (const int64_t fault = enter()) return fault;
  Open* file = file_of(fd);
  if (!file) return -EBADF;
  const int64_t got = read_from(*file, out, file->position);
  if (got > 0) file->position += got;
  return got;
}

int64_t FakeSys::write(int fd, Bytes data) {
  if (const int64_t fault = enter()) return fault;
  Open* file = file_of(fd);
  if (!file) return -EBADF;
  if (file->flags & O_APPEND) file->position = file->node->content.now().size();
  const int64_t put = write_to(*file, data, file->position);
  if (put > 0) file->position += put;
  return put;
}

int64_t FakeSys::pread(int fd, MutableBytes out, uint64_t offset) {
  if (const int64_t fault = enter()) return fault;
  const Open* file = file_of(fd);
  return file ? read_from(*file, out, offset) : -EBADF;
}

int64_t FakeSys::pwrite(int fd, Bytes data, uint64_t offset) {
  if (const int64_t fault = enter()) return fault;
  Open* file = file_of(fd);
  return file ? write_to(*file, data, offset) : -EBADF;
}

int64_t FakeSys::ftruncate(int fd, uint64_t size) {
  if (const int64_t fault = enter()) return fault;
  Open* file = file_of(fd);
  if (!file) return -EBADF;
  if (file->node->type != FakeNode::Type::file) return -EINVAL;
  const uint64_t old_size = file->node->content.now().size();
  FakeFs& fs = *file->node->fs;
  if (size > fs.largest_file) return -EFBIG;
  if (size > old_size && size - old_size > fs.free_bytes) return -ENOSPC;
  fs.free_bytes += old_size - size;
  file->node->content.truncate(size);
  return 0;
}

int64_t FakeSys::fsync(int fd) {
  if (const int64_t fault = enter()) return fault;
  Open* file = file_of(fd);
  if (!file) return -EBADF;
  file->node->content.sync();
  file->node->entries.sync();
  return 0;
}

int64_t FakeSys::syncfs(int fd) {
  if (const int64_t fault = enter()) return fault;
  const Open* file = file_of(fd);
  if (!file) return -EBADF;
  for_all_nodes([&](FakeNode& node) {
    if (node.fs != file->node->fs) return;
    node.content.sync();
    node.entries.sync();
  });
  return 0;
}

// Writing back is not syncing: nothing becomes durable.
int64_t FakeSys::sync_file_range(int fd, uint64_t offset, uint64_t size, unsigned flags) {
  write_back_calls.push_back({.offset = offset, .size = size, .flags = flags});
  if (const int64_t fault = enter()) return fault;
  return file_of(fd) ? 0 : -EBADF;
}

// As a file system without holes does.
int64_t FakeSys::seek_data(int, uint64_t offset) { return static_cast<int64_t>(offset); }

int64_t FakeSys::fadvise(int fd, uint64_t, uint64_t, int) {
  if (const int64_t fault = enter()) return fault;
  return file_of(fd) ? 0 : -EBADF;
}

static void fill(const FakeNode& node, struct stat& out) {
  constexpr uint32_t kTypes[] = {S_IFREG, S_IFDIR, S_IFBLK, S_IFLNK};
  out = {};
  out.st_mode = kTypes[static_cast<int>(node.type)] | node.mode;
  out.st_ino = node.inode;
  out.st_rdev = node.rdev;
  out.st_dev = node.fs->root->inode;
  if (node.type == FakeNode::Type::file)
    out.st_size = static_cast<int64_t>(node.content.now().size());
  out.st_nlink = 1;
  out.st_blocks = (out.st_size + 511) / 512;
}

int64_t FakeSys::fstat(int fd, struct stat& out) {
  if (const int64_t fault = enter()) return fault;
  const Open* file = file_of(fd);
  if (!file) return -EBADF;
  fill(*file->node, out);
  return 0;
}

int64_t FakeSys::stat(const char* path, struct stat& out) {
  if (const int64_t fault = enter()) return fault;
  const NodePtr node = find(path);
  if (!node) return -ENOENT;
  fill(*node, out);
  return 0;
}

int64_t FakeSys::fstatfs(int fd, struct statfs& out) {
  if (const int64_t fault = enter()) return fault;
  const Open* file = file_of(fd);
  if (!file) return -EBADF;
  const FakeFs& fs = *file->node->fs;
  out = {};
  out.f_type = static_cast<decltype(out.f_type)>(fs.magic);
  out.f_bsize = kBlock;
  out.f_frsize = kBlock;
  out.f_blocks = fs.total_bytes / kBlock;
  const uint64_t free = fs.reported_free_bytes.value_or(fs.free_bytes);
  out.f_bfree = free / kBlock;
  out.f_bavail = (free - std::min(fs.reserved_bytes, free)) / kBlock;
  out.f_flags = fs.read_only ? kReadOnly : 0;
  return 0;
}

int64_t FakeSys::ioctl(int fd, unsigned long request, void* argument) {
  if (const int64_t fault = enter()) return fault;
  const Open* file = file_of(fd);
  if (!file) return -EBADF;
  return on_ioctl ? on_ioctl(file->path, request, argument) : -ENOTTY;
}

int64_t FakeSys::block_device_size(int fd, uint64_t& out) {
  if (const int64_t fault = enter()) return fault;
  const Open* file = file_of(fd);
  if (!file) return -EBADF;
  if (file->node->type != FakeNode::Type::block_device) return -ENOTTY;
  out = file->node->content.now().size();
  return 0;
}

// Events run at their own time, so a device may appear in the middle of a sleep.
void FakeSys::sleep_ms(int64_t milliseconds) {
  const int64_t until = now_ms_ + milliseconds;
  for (;;) {
    const auto next =
        std::min_element(events_.begin(), events_.end(),
                         [](const Event& a, const Event& b) { return a.when_ms < b.when_ms; });
    if (next == events_.end() || next->when_ms > until) break;
    const Event event = std::move(*next);
    events_.erase(next);
    now_ms_ = std::max(now_ms_, event.when_ms);
    event.run();
  }
  now_ms_ = until;
}

}  // namespace kdump
