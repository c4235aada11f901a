// The kernel in memory, for tests: files, directories, block devices, mounts, the text files of
// /sys and /proc, and a clock that only sleeping advances. Each call can be made to fail; the
// power can be cut at each call. Its descriptors are no real ones (mmap of them fails), and it is
// used by one thread at a time.
//
//   FakeSys sys({.fail_nth = 3, .with = ENOSPC});
//   sys.add_directory("/crash");
//   …  CHECK(sys.contains("/crash/vmcore"));  CHECK(sys.fired());
#pragma once

#include <functional>

#include "filter/base/sys.h"
#include "tests/fakes/fake_disk.h"

namespace kdump {

// What goes wrong. Calls are counted from 1; closing, and reading the clock, are none.
struct FakeFaults {
  int fail_nth = 0;           // 0: none
  int with = 5;               // EIO; the errno of the call that fails
  bool for_ever = false;      // not only the nth, but all after it
  int cut_nth = 0;            // the power fails just before this call: it and all later ones fail
  size_t short_io_bytes = 0;  // no read or write moves more; 0: no limit
};

class FakeSys final : public Sys {
 public:
  struct Mount {
    std::string source, at, type;
    uint64_t flags = 0;
    std::string options = {};
    FakeFs* fs = nullptr;  // nullptr: proc, sysfs and the like, whose files the scene provides
    bool of_scene = false;
  };

  explicit FakeSys(FakeFaults faults = {});
  ~FakeSys() override;

  // The scene. Parents are made, and all of it is durable.
  void add_directory(const std::string& path);
  void add_file(const std::string& path, const std::string& content);
  void add_symlink(const std::string& path, const std::string& to);
  // /dev/NAME and its /sys/class/block entry. Partitions: number and first sector, of `disk`.
  FakeNode& add_disk(const std::string& name, uint64_t size_bytes, Bytes content = {});
  FakeNode& add_partition(const std::string& disk, const std::string& name, int number,
                          uint64_t first_sector, uint64_t size_bytes, Bytes content = {});
  void remove_disk(const std::string& name);
  // An empty file system; one that mount(2) finds in a device, or one mounted before the test.
  FakeFs& add_fs(FakeFs like);
  void add_mount(const std::string& source, const std::string& at, FakeFs& fs);
  // What an NFS server exports: HOST:/EXPORT, to those who ask for one of these versions.
  void add_export(const std::string& source, const std::vector<std::string>& versions, FakeFs& fs);
  // mount(2) knows these types; others give ENODEV.
  std::vector<std::string> known_types = {"ext4", "xfs",   "btrfs",    "vfat",   "nfs",  "nfs4",
                                          "proc", "sysfs", "devtmpfs", "devpts", "tmpfs"};
  // What was asked of sync_file_range(2), in order.
  struct WriteBackCall {
    uint64_t offset, size;
    unsigned flags;
    bool operator==(const WriteBackCall&) const = default;
  };
  std::vector<WriteBackCall> write_back_calls;
  // Done as each call begins, before any fault of it, and while the clock stands where it is then.
  std::function<void()> before_each;
  // What a device does when it is called so; -ENOTTY without.
  std::function<int64_t(const std::string& path, unsigned long request, void* argument)> on_ioctl;
  // Done when the clock reaches when_ms.
  void at_ms(int64_t when_ms, std::function<void()> event);

  // What became of it. content: "" if there is no such file.
  bool contains(const std::string& path) const { return find(path) != nullptr; }
  std::string content(const std::string& path) const;
  NodePtr find(const std::string& path) const;  // nullptr: not there
  const std::vector<Mount>& mounts() const { return mounts_; }
  const std::vector<std::string>& loaded_modules() const { return loaded_modules_; }
  int calls() const { return calls_; }
  size_t open_files() const { return open_.size(); }
  bool fired() const { return fired_; }  // the fault has happened

  // The machine starts again: descriptors and mounts are gone, and of what was not synced only
  // what `seed` lets survive is there (0: nothing, UINT64_MAX: all). Faults are over.
  void power_cut(uint64_t seed);

  int64_t open(const char* path, int flags, uint32_t mode) override;
  int64_t close(int fd) override;
  int64_t read(int fd, MutableBytes out) override;
  int64_t write(int fd, Bytes data) override;
  int64_t pread(int fd, MutableBytes out, uint64_t offset) override;
  int64_t pwrite(int fd, Bytes data, uint64_t offset) override;
  int64_t ftruncate(int fd, uint64_t size) override;
  int64_t fsync(int fd) override;
  int64_t syncfs(int fd) override;
  int64_t sync_file_range(int fd, uint64_t offset, uint64_t size, unsigned flags) override;
  int64_t seek_data(int fd, uint64_t offset) override;
  int64_t fadvise(int fd, uint64_t offset, uint64_t size, int advice) override;
  int64_t fstat(int fd, struct stat& out) override;
  int64_t stat(const char* path, struct stat& out) override;
  int64_t fstatfs(int fd, struct statfs& out) override;
  int64_t block_device_size(int fd, uint64_t& out) override;
  int64_t mkdir(const char* path, uint32_t mode) override;
  int64_t rmdir(const char* path) override;
  int64_t unlink(const char* path) override;
  int64_t rename_new(const char* from, const char* to) override;
  int64_t list_directory(const char* path, void (*each)(void*, const char*),
                         void* context) override;
  int64_t readlink(const char* path, std::span<char> out) override;
  int64_t mount(const char* source, const char* at, const char* type, uint64_t flags,
                const char* data) override;
  int64_t umount(const char* at, int flags) override;
  int64_t finit_module(int fd, const char* parameters) override;
  int64_t ioctl(int fd, unsigned long request, void* argument) override;
  int64_t monotonic_ms() override { return now_ms_; }
  void sleep_ms(int64_t milliseconds) override;

 private:
  struct Open {
    NodePtr node;
    uint64_t position = 0;
    int flags = 0;
    std::string path = {};
  };
  struct Export {
    std::string source;
    std::vector<std::string> versions;
    FakeFs* fs = nullptr;
  };
  struct Event {
    int64_t when_ms = 0;
    std::function<void()> run;
  };

  int64_t mount_export(const NodePtr& point, Mount mount);
  int64_t enter();  // 0, or the negative errno of a fault
  NodePtr make_node(FakeNode::Type type, FakeFs* fs);
  NodePtr walk(const std::string& path, std::string* last) const;
  NodePtr make_directory(const std::string& path);
  FakeFs* covering(const FakeNode* directory) const;
  Open* file_of(int fd);
  int64_t refusal(const NodePtr& parent, const std::string& name) const;
  int64_t read_from(const Open& file, MutableBytes out, uint64_t offset) const;
  int64_t write_to(Open& file, Bytes data, uint64_t offset);
  FakeNode& add_device(const std::string& name, uint64_t size_bytes, Bytes content);
  std::string mountinfo() const;
  void for_all_nodes(const std::function<void(FakeNode&)>& each);
  void settle();  // everything becomes durable

  FakeFaults faults_;
  int calls_ = 0;
  bool fired_ = false;
  int64_t now_ms_ = 0;
  int next_fd_ = 1'000'000;  // above any real descriptor: a real call on one fails
  uint64_t next_inode_ = 1;
  uint32_t next_minor_ = 1;
  std::vector<std::unique_ptr<FakeFs>> file_systems_;
  FakeFs* root_;
  std::vector<Mount> mounts_;
  std::vector<Export> exports_;
  std::map<const FakeNode*, FakeFs*> covers_;
  std::map<int, Open> open_;
  std::vector<Event> events_;
  std::vector<std::string> loaded_modules_;
};

}  // namespace kdump
