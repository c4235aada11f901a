// FakeSys: the scene a test sets, what it finds afterwards, and the power cut.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdio>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void for_all_below(FakeNode& node, const std::function<void(FakeNode&)>& each) {
  each(node);
  const FakeEntries::Map children = node.entries.now();
  for (const auto& [name, child] : children) for_all_below(*child, each);
}

}  // namespace

FakeSys::FakeSys(FakeFaults faults) : faults_(faults) {
  root_ = &add_fs({.type = "rootfs", .magic = 0x858458f6});
  mounts_.push_back(
      {.source = "rootfs", .at = "/", .type = "rootfs", .fs = root_, .of_scene = true});
}

FakeSys::~FakeSys() = default;

FakeFs& FakeSys::add_fs(FakeFs like) {
  auto& fs = *file_systems_.emplace_back(std::make_unique<FakeFs>(std::move(like)));
  fs.root = make_node(FakeNode::Type::directory, &fs);
  return fs;
}

void FakeSys::add_export(const std::string& source, const std::vector<std::string>& versions,
                         FakeFs& fs) {
  exports_.push_back({source, versions, &fs});
}

void FakeSys::add_mount(const std::string& source, const std::string& at, FakeFs& fs) {
  covers_[make_directory(at).get()] = &fs;
  mounts_.push_back({.source = source, .at = at, .type = fs.type, .fs = &fs, .of_scene = true});
  settle();
}

NodePtr FakeSys::make_directory(const std::string& path) {
  NodePtr at = find("/");
  for (size_t begin = 1; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    NodePtr next = at->entries.find(name);
    if (!next) {
      next = make_node(FakeNode::Type::directory, at->fs);
      at->entries.add(name, next);
    }
    FakeFs* over = covering(next.get());
    at = over ? over->root : next;
    begin = end + 1;
  }
  return at;
}

void FakeSys::add_directory(const std::string& path) {
  make_directory(path);
  settle();
}

void FakeSys::add_file(const std::string& path, const std::string& content) {
  const size_t slash = path.rfind('/');
  const NodePtr parent = make_directory(path.substr(0, slash));
  const NodePtr file = make_node(FakeNode::Type::file, parent->fs);
  file->content.write(0, as_bytes(content));
  parent->entries.add(path.substr(slash + 1), file);
  settle();
}

void FakeSys::add_symlink(const std::string& path, const std::string& to) {
  add_file(path, to);
  find(path)->type = FakeNode::Type::symlink;
}

FakeNode& FakeSys::add_device(const std::string& name, uint64_t size_bytes, Bytes content) {
  const NodePtr dev = make_directory("/dev");
  const NodePtr node = make_node(FakeNode::Type::block_device, dev->fs);
  node->rdev = makedev(254, next_minor_);
  ++next_minor_;  // not above: makedev may be a macro that names its arguments twice
  node->content.truncate(size_bytes);
  node->content.write(0, content);
  dev->entries.add(name, node);
  settle();
  return *node;
}

static std::string dev_text(const FakeNode& node) {
  char text[32];
  snprintf(text, sizeof text, "%u:%u\n", major(node.rdev), minor(node.rdev));
  return text;
}

FakeNode& FakeSys::add_disk(const std::string& name, uint64_t size_bytes, Bytes content) {
  FakeNode& node = add_device(name, size_bytes, content);
  const std::string in_sys = "/sys/class/block/" + name;
  add_file(in_sys + "/dev", dev_text(node));
  add_file(in_sys + "/size", std::to_string(size_bytes / 512) + "\n");
  add_directory(in_sys + "/holders");
  add_directory(in_sys + "/slaves");
  return node;
}

FakeNode& FakeSys::add_partition(const std::string& disk, const std::string& name, int number,
                                 uint64_t first_sector, uint64_t size_bytes, Bytes content) {
  FakeNode& node = add_device(name, size_bytes, content);
  // The kernel shows a partition twice: in its disk's directory and, by a link, beside it.
  for (const std::string& in_sys :
       {"/sys/class/block/" + name, "/sys/class/block/" + disk + "/" + name}) {
    add_file(in_sys + "/dev", dev_text(node));
    add_file(in_sys + "/size", std::to_string(size_bytes / 512) + "\n");
    add_file(in_sys + "/partition", std::to_string(number) + "\n");
    add_file(in_sys + "/start", std::to_string(first_sector) + "\n");
    add_directory(in_sys + "/holders");
  }
  return node;
}

void FakeSys::remove_disk(const std::string& name) {
  find("/dev")->entries.remove(name);
  find("/sys/class/block")->entries.remove(name);
  settle();
}

void FakeSys::at_ms(int64_t when_ms, std::function<void()> event) {
  events_.push_back({when_ms, std::move(event)});
}

std::string FakeSys::content(const std::string& path) const {
  const NodePtr node = find(path);
  return node ? std::string(node->content.now().begin(), node->content.now().end()) : "";
}

// As the kernel writes names in mountinfo.
static std::string escaped(const std::string& name) {
  std::string text;
  for (const char c : name) text += c == ' ' ? "\\040" : std::string(1, c);
  return text;
}

std::string FakeSys::mountinfo() const {
  std::string text;
  for (size_t i = 0; i < mounts_.size(); ++i) {
    const Mount& mount = mounts_[i];
    const NodePtr device = find(mount.source);
    const uint64_t rdev = device ? device->rdev : makedev(0, static_cast<unsigned>(i + 1));
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%zu 1 %u:%u / ", i + 20, major(rdev), minor(rdev));
    const char* access = mount.fs && mount.fs->read_only ? "ro" : "rw";
    text += std::string(numbers) + escaped(mount.at) + " " + access + " - " + mount.type + " " +
            mount.source + " " + access + "\n";
  }
  return text;
}

void FakeSys::for_all_nodes(const std::function<void(FakeNode&)>& each) {
  for (const auto& fs : file_systems_) for_all_below(*fs->root, each);
}

void FakeSys::settle() {
  for_all_nodes([](FakeNode& node) {
    node.content.sync();
    node.entries.sync();
  });
}

void FakeSys::power_cut(uint64_t seed) {
  open_.clear();
  std::erase_if(mounts_, [](const Mount& mount) { return !mount.of_scene; });
  std::erase_if(covers_, [this](const auto& cover) {
    return std::none_of(mounts_.begin(), mounts_.end(),
                        [&](const Mount& mount) { return mount.fs == cover.second; });
  });
  Survival survival(seed);
  for_all_nodes([&](FakeNode& node) {
    node.claimed = false;
    node.content.power_cut(survival);
    node.entries.power_cut(survival);
  });
  faults_ = {};
}

}  // namespace kdump
