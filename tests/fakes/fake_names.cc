// FakeSys: calls on names: directories, mounts, links.
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

bool is_directory(const NodePtr& node) { return node->type == FakeNode::Type::directory; }

}  // namespace

FakeFs* FakeSys::covering(const FakeNode* directory) const {
  const auto cover = covers_.find(directory);
  return cover == covers_.end() ? nullptr : cover->second;
}

// The directory that holds, or would hold, the last name of path; nullptr if it is not there.
NodePtr FakeSys::walk(const std::string& path, std::string* last) const {
  NodePtr at = root_->root;
  size_t begin = path.find_first_not_of('/');
  last->clear();
  while (begin < path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const size_t next = path.find_first_not_of('/', end);
    *last = path.substr(begin, end - begin);
    if (next >= path.size()) break;
    NodePtr child = at->entries.find(*last);
    if (!child || !is_directory(child)) return nullptr;
    FakeFs* over = covering(child.get());
    at = over ? over->root : child;
    begin = next;
  }
  return at;
}

NodePtr FakeSys::find(const std::string& path) const {
  std::string last;
  const NodePtr parent = walk(path, &last);
  if (!parent || last.empty()) return parent;
  const NodePtr node = parent->entries.find(last);
  FakeFs* over = covering(node.get());
  return over ? over->root : node;
}

// Why nothing called `name` can be made in parent; 0 if it can.
int64_t FakeSys::refusal(const NodePtr& parent, const std::string& name) const {
  if (!parent) return -ENOENT;
  if (parent->fs->read_only) return -EROFS;
  if (parent->fs->refuses_colon && name.find(':') != std::string::npos) return -EINVAL;
  return 0;
}

int64_t FakeSys::mkdir(const char* path, uint32_t mode) {
  if (const int64_t fault = enter()) return fault;
  if (find(path)) return -EEXIST;
  std::string name;
  const NodePtr parent = walk(path, &name);
  if (const int64_t why = refusal(parent, name)) return why;
  const NodePtr node = make_node(FakeNode::Type::directory, parent->fs);
  node->mode = mode;
  parent->entries.add(name, node);
  return 0;
}

int64_t FakeSys::rmdir(const char* path) {
  if (const int64_t fault = enter()) return fault;
  const NodePtr node = find(path);
  if (!node) return -ENOENT;
  if (!is_directory(node)) return -ENOTDIR;
  std::string name;
  const NodePtr parent = walk(path, &name);
  if (covering(parent->entries.find(name).get())) return -EBUSY;
  if (!node->entries.now().empty()) return -ENOTEMPTY;
  parent->entries.remove(name);
  return 0;
}

int64_t FakeSys::unlink(const char* path) {
  if (const int64_t fault = enter()) return fault;
  const NodePtr node = find(path);
  if (!node) return -ENOENT;
  if (is_directory(node)) return -EISDIR;
  std::string name;
  walk(path, &name)->entries.remove(name);
  if (node->fs) node->fs->free_bytes += node->content.now().size();
  return 0;
}

int64_t FakeSys::rename_new(const char* from, const char* to) {
  if (const int64_t fault = enter()) return fault;
  std::string old_name, new_name;
  const NodePtr old_parent = walk(from, &old_name);
  const NodePtr new_parent = walk(to, &new_name);
  if (!old_parent || !old_parent->entries.find(old_name)) return -ENOENT;
  if (old_parent != new_parent) return -EXDEV;  // nothing here moves files between directories
  if (const int64_t why = refusal(new_parent, new_name)) return why;
  if (new_parent->entries.find(new_name)) return -EEXIST;
  const NodePtr node = old_parent->entries.find(old_name);
  if (node->fs && node->fs->size_is_with_name) node->content.forget();
  old_parent->entries.rename(old_name, new_name);
  return 0;
}

int64_t FakeSys::list_directory(const char* path, void (*each)(void*, const char*), void* context) {
  if (const int64_t fault = enter()) return fault;
  const NodePtr node = find(path);
  if (!node) return -ENOENT;
  if (!is_directory(node)) return -ENOTDIR;
  const FakeEntries::Map entries = node->entries.now();
  for (const auto& [name, child] : entries) each(context, name.c_str());
  return 0;
}

int64_t FakeSys::readlink(const char* path, std::span<char> out) {
  if (const int64_t fault = enter()) return fault;
  const NodePtr node = find(path);
  if (!node) return -ENOENT;
  if (node->type != FakeNode::Type::symlink) return -EINVAL;
  const std::vector<uint8_t>& text = node->content.now();
  if (text.size() >= out.size()) return -ENAMETOOLONG;
  std::copy(text.begin(), text.end(), out.begin());
  out[text.size()] = '\0';
  return static_cast<int64_t>(text.size());
}

int64_t FakeSys::mount(const char* source, const char* at, const char* type, uint64_t flags,
                       const char* data) {
  if (const int64_t fault = enter()) return fault;
  const NodePtr point = find(at);
  if (!point) return -ENOENT;
  if (std::find(known_types.begin(), known_types.end(), type) == known_types.end()) return -ENODEV;
  Mount mount{.source = source, .at = at, .type = type, .flags = flags, .options = data};
  for (const char* in_memory : {"proc", "sysfs", "devtmpfs", "devpts", "tmpfs"})
    if (mount.type == in_memory) {
      mounts_.push_back(mount);
      return 0;
    }
  if (mount.type.starts_with("nfs")) return mount_export(point, mount);
  const NodePtr device = find(source);
  if (!device) return -ENOENT;
  if (device->type != FakeNode::Type::block_device) return -ENOTBLK;
  if (!device->holds || device->holds->type != type) return -EINVAL;
  mount.fs = device->holds;
  covers_[point.get()] = mount.fs;
  mounts_.push_back(mount);
  return 0;
}

int64_t FakeSys::mount_export(const NodePtr& point, Mount mount) {
  const auto served = std::find_if(exports_.begin(), exports_.end(),
                                   [&](const Export& each) { return each.source == mount.source; });
  if (served == exports_.end()) return -ENOENT;
  const std::string version = mount.options.substr(5, mount.options.find(',') - 5);  // vers=…
  const auto& versions = served->versions;
  if (std::find(versions.begin(), versions.end(), version) == versions.end())
    return -EPROTONOSUPPORT;
  mount.fs = served->fs;
  mount.fs->unreadable = version == mount.fs->unreadable_version;
  covers_[point.get()] = mount.fs;
  mounts_.push_back(mount);
  return 0;
}

int64_t FakeSys::umount(const char* at, int flags) {
  if (const int64_t fault = enter()) return fault;
  const auto mount = std::find_if(mounts_.rbegin(), mounts_.rend(),
                                  [&](const Mount& each) { return each.at == at; });
  if (mount == mounts_.rend()) return -EINVAL;
  FakeFs* fs = mount->fs;
  const bool busy = std::any_of(open_.begin(), open_.end(),
                                [&](const auto& open) { return fs && open.second.node->fs == fs; });
  if (busy && !(flags & MNT_DETACH)) return -EBUSY;
  // A file system that is still in use stays unsynced behind a lazy unmount.
  if (fs && !busy)
    for_all_nodes([&](FakeNode& node) {
      if (node.fs != fs) return;
      node.content.sync();
      node.entries.sync();
    });
  std::erase_if(covers_, [&](const auto& cover) { return cover.second == fs; });
  mounts_.erase(std::next(mount).base());
  return 0;
}

int64_t FakeSys::finit_module(int fd, const char*) {
  if (const int64_t fault = enter()) return fault;
  const Open* file = file_of(fd);
  if (!file) return -EBADF;
  loaded_modules_.push_back(file->path);
  return 0;
}

}  // namespace kdump
