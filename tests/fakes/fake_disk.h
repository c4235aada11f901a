// Files, directories and devices in memory, each with what a power cut would leave of it: fsync
// moves changes to the durable side; of those not synced any subset may survive, in any file and
// any directory. That is more hostile than most file systems are, and what POSIX promises.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filter/base/bytes.h"

namespace kdump {

// Decides which unsynced changes survive. seed 0: none does; UINT64_MAX: all do.
class Survival {
 public:
  explicit Survival(uint64_t seed) : seed_(seed), state_(seed) {}
  bool survives();

 private:
  uint64_t seed_, state_;
};

class FakeContent {
 public:
  const std::vector<uint8_t>& now() const { return now_; }
  void write(uint64_t offset, Bytes data);
  void truncate(uint64_t size);
  void sync();
  // Until the next sync nothing of it is durable: vfat keeps sizes with names.
  void forget() { durable_.clear(), unsynced_.clear(), is_forgotten_ = true; }
  // A write may be torn too: each of its 512-byte sectors survives or not.
  void power_cut(Survival& survival);

 private:
  struct Change {
    uint64_t offset_or_size = 0;
    std::optional<std::vector<uint8_t>> bytes;  // nullopt: truncated to offset_or_size
  };
  static void apply(const Change& change, std::vector<uint8_t>& to);
  void make(Change change);

  std::vector<uint8_t> now_, durable_;
  std::vector<Change> unsynced_;
  bool is_forgotten_ = false;
};

struct FakeNode;
using NodePtr = std::shared_ptr<FakeNode>;

class FakeEntries {
 public:
  using Map = std::map<std::string, NodePtr>;

  const Map& now() const { return now_; }
  NodePtr find(const std::string& name) const;
  void add(const std::string& name, NodePtr node) {
    make({.added = name, .node = std::move(node)});
  }
  void remove(const std::string& name) { make({.removed = name}); }
  void rename(const std::string& from, const std::string& to);
  void sync();
  void power_cut(Survival& survival);

 private:
  struct Change {  // both names: a rename, which is atomic
    std::string removed = {}, added = {};
    NodePtr node = {};
  };
  static void apply(const Change& change, Map& to);
  void make(Change change);

  Map now_, durable_;
  std::vector<Change> unsynced_;
};

// What a file system is like. The contents hang below its root.
struct FakeFs {
  std::string type = "ext4";
  uint64_t magic = 0xef53;  // statfs's f_type
  uint64_t free_bytes = 1ull << 40;
  uint64_t reserved_bytes = 0;  // of free_bytes: for root alone
  uint64_t total_bytes = 1ull << 41;
  std::optional<uint64_t> reported_free_bytes = {};  // what it says, if that is not true
  bool has_holes = false;                            // a gap that is skipped takes no room
  uint64_t largest_file = UINT64_MAX;
  bool refuses_colon = false;      // mkdir and open: EINVAL, as vfat does
  bool size_is_with_name = false;  // a renamed file is durable when it is synced, as on vfat
  bool read_only = false;
  std::string unreadable_version = {};  // of NFS: a mount by it fails to read, with EIO
  bool unreadable = false;              // by the last mount
  NodePtr root = {};                    // made by FakeSys
};

struct FakeNode {
  enum class Type : uint8_t { file, directory, block_device, symlink };
  Type type = Type::file;
  uint32_t mode = 0600;
  uint64_t inode = 0;
  uint64_t rdev = 0;
  FakeContent content = {};  // files and devices; a symlink's text
  FakeEntries entries = {};  // directories
  FakeFs* fs = nullptr;      // the one it lies on
  FakeFs* holds = nullptr;   // devices: the file system that mount(2) finds in it
  bool claimed = false;      // devices: open with O_EXCL
  // A read that meets one of these gives its error alone, as /proc/vmcore does of a bad page.
  struct BadBytes {
    uint64_t begin = 0, end = 0;
    int error = 5;  // EIO
  };
  std::vector<BadBytes> bad = {};
};

}  // namespace kdump
