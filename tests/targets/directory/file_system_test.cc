// fs: and dir:, where they differ from what every target promises.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "targets/directory/crash_directory.h"
#include "targets/storage/mounts.h"
#include "tests/targets/target_scene.h"

using namespace kdump;

namespace {

constexpr char kCrash[] = "host-2026-11-21-03:21:29";

std::string error_of(const auto& result) { return result ? "" : result.error().text; }

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("fs: mounts with flags that trust nothing on it, and unmounts") {
  const auto scene = make_scene("fs");
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(scene->sys.mounts().size() == 2);
  const FakeSys::Mount& mount = scene->sys.mounts()[1];
  CHECK(mount.at == "/mnt/vda");
  CHECK(mount.type == "ext4");
  CHECK(mount.flags == (MS_NOATIME | MS_NOSUID | MS_NODEV | MS_NOEXEC));
  CHECK(target->begin(kCrash));
  CHECK(target->location() == std::string(target->describe()) + "/" + kCrash);
  CHECK(target->finish());
  CHECK(scene->sys.mounts().size() == 1);
  CHECK(!scene->sys.contains("/mnt/vda"));
}

TEST_CASE("fs: mounts a btrfs as a whole, whatever subvolume is its default") {
  const auto scene = make_scene("fs");
  scene->sys.remove_disk("vda");
  std::vector<uint8_t> head(70'000);
  uint8_t* const super = &head[65536];
  super[50] = 1;  // its own offset, 65536
  std::copy_n("_BHRfS_M", 8, super + 64);
  super[136] = 1;  // devices
  std::copy_n("whole", 5, super + 299);
  FakeFs& fs = scene->sys.add_fs({});
  fs.type = "btrfs";
  scene->sys.add_disk("vdb", kSceneDeviceBytes, head).holds = &fs;
  scene->url = "fs:LABEL=whole:/@/srv";
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(scene->sys.mounts().size() == 2);
  CHECK(scene->sys.mounts()[1].type == "btrfs");
  CHECK(scene->sys.mounts()[1].options == "subvolid=5");
  CHECK(target->finish());
}

TEST_CASE("fs: uses a mount that is there, and leaves it") {
  const auto scene = make_scene("fs");
  scene->sys.add_directory("/a b");
  REQUIRE(scene->sys.mount("/dev/vda", "/a b", "ext4", 0, "") == 0);
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(target->begin(kCrash));
  CHECK(target->location() == std::string("/a b/var/crash/") + kCrash);
  CHECK(target->finish());
  CHECK(scene->sys.mounts().size() == 2);
}

TEST_CASE("a file system that the kernel does not know is said to lack its module") {
  const auto scene = make_scene("fs");
  scene->sys.known_types = {"xfs"};
  const auto target = scene->target();
  const auto space = target->preflight();
  REQUIRE(!space);
  CHECK(space.error().kind == Kind::unsupported);
  CHECK(has(error_of(space), "no file system ext4 (its module is not loaded); vda (ext4 UUID="));
  CHECK(target->finish());
  CHECK(!scene->sys.contains("/mnt/vda"));
}

TEST_CASE(
    "a file system that the kernel does not mount is said to be damaged, or its disk read-only") {
  const auto scene = make_scene("fs");
  scene->sys.find("/dev/vda")->holds = nullptr;  // but for the superblock
  const auto target = scene->target();
  CHECK(has(error_of(target->preflight()), "mount /dev/vda as ext4 (damaged? then fsck it): "));
  CHECK(target->finish());
}

TEST_CASE("a file system that comes out read-only is refused") {
  for (const char* which : {"fs", "dir"}) {
    const auto scene = make_scene(which);
    (which == std::string("fs") ? scene->sys.find("/dev/vda")->holds
                                : scene->sys.find("/crash")->fs)
        ->read_only = true;
    const auto target = scene->target();
    const auto space = target->preflight();
    REQUIRE(!space);
    CHECK(space.error().kind == Kind::refused);
    CHECK(has(error_of(space), "read-only"));
    CHECK(target->finish());
    CHECK(scene->sys.open_files() == 0);
  }
}

TEST_CASE("a device without a file system is not mounted") {
  const auto scene = make_scene("fs");
  scene->sys.add_disk("vdb", 1 << 16);
  scene->url = "fs:/dev/vdb:/crash";
  const auto space = scene->target()->preflight();
  REQUIRE(!space);
  CHECK(space.error().kind == Kind::unsupported);
  CHECK(error_of(space) == "/dev/vdb holds no file system that can be mounted: vdb (unknown data)");
}

TEST_CASE("vfat: a file is as durable under its name as it was before it got it") {
  const auto scene = make_scene("dir");
  scene->sys.find("/crash")->fs->size_is_with_name = true;
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(target->begin(kCrash));
  const auto file = target->create("vmcore", 0);
  REQUIRE(file);
  const uint8_t all[] = {'a', 'l', 'l', ' ', 'o', 'f', ' ', 'i', 't'};
  REQUIRE((*file)->write_at(0, all));
  REQUIRE((*file)->commit());
  scene->sys.power_cut(0);
  CHECK(scene->saved(kCrash, "vmcore") == "all of it");
}

TEST_CASE("vfat: no colons in names, and no file of 4 GiB") {
  const auto scene = make_scene("dir");
  FakeFs& fs = *scene->sys.find("/crash")->fs;
  fs.magic = 0x4d44;
  fs.refuses_colon = true;
  for (const char* suffix : {"", ".1", ".2"}) {
    const auto target = scene->target();
    const auto space = target->preflight();
    REQUIRE(space);
    CHECK(space->largest_file == 0xffffffff);
    REQUIRE(target->begin(kCrash));
    CHECK(target->location() == std::string("/crash/host-2026-11-21-03-21-29") + suffix);
  }
}

TEST_CASE("free space is what is left to those who may use it") {
  const auto scene = make_scene("dir");
  FakeFs& fs = *scene->sys.find("/crash")->fs;
  fs.free_bytes = 10 * 4096;
  fs.reserved_bytes = 4 * 4096;
  const auto space = scene->target()->preflight();
  REQUIRE(space);
  CHECK(space->free_bytes == 6 * 4096);
  CHECK(space->reserved_bytes == 4 * 4096);
  CHECK(!space->is_hint);
}

TEST_CASE("the reserve of a system's own file system keeps a floor for the next boot") {
  constexpr uint64_t kMiB = 1 << 20;
  struct Case {
    const char* what;
    std::vector<std::string> has;
    uint64_t free, reserved, total, usable;
  };
  const Case cases[] = {
      {"a disk of data", {}, 100 * kMiB, 100 * kMiB, 1000 * kMiB, 100 * kMiB},
      {"a root", {"etc", "usr"}, 100 * kMiB, 100 * kMiB, 1000 * kMiB, 36 * kMiB},
      {"a /var", {"lib", "log"}, 100 * kMiB, 100 * kMiB, 1000 * kMiB, 36 * kMiB},
      {"1 % is more", {"etc", "usr"}, 100 * kMiB, 100 * kMiB, 8000 * kMiB, 20 * kMiB},
      {"less than the floor", {"etc", "usr"}, 50 * kMiB, 40 * kMiB, 1000 * kMiB, 0},
      {"a part of it", {"etc", "usr"}, 100 * kMiB, 60 * kMiB, 1000 * kMiB, 0},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    for (const char* which : {"dir", "fs"}) {
      const auto scene = make_scene(which);
      const auto target = scene->target();
      REQUIRE(target->preflight());
      const std::string top = which == std::string("fs") ? "/mnt/vda" : "/crash";
      FakeFs& fs = *scene->sys.find(top)->fs;
      fs.free_bytes = each.free;
      fs.reserved_bytes = each.reserved;
      fs.total_bytes = each.total;
      for (const std::string& name : each.has) scene->sys.add_directory(top + "/" + name);
      const auto space = target->preflight();
      REQUIRE(space);
      CHECK(space->free_bytes == each.free - each.reserved);
      CHECK(space->reserved_bytes == each.usable);
    }
  }
  // This system's own /, by the command.
  const auto scene = make_scene("dir");
  FakeFs& root = *scene->sys.find("/")->fs;
  root.free_bytes = root.reserved_bytes = 100 * kMiB;
  root.total_bytes = 1000 * kMiB;
  root.magic = 0xef53;
  scene->sys.add_directory("/data");
  scene->url = "dir:/data";
  const auto space = scene->target()->preflight();
  REQUIRE(space);
  CHECK(space->reserved_bytes == 36 * kMiB);
}

TEST_CASE("what a server says of its space is a hint, and vfat has no sparse files") {
  const auto scene = make_scene("dir");
  FakeFs& fs = *scene->sys.find("/crash")->fs;
  CHECK(!scene->target()->preflight()->gaps_take_room);
  fs.magic = 0x6969;
  CHECK(scene->target()->preflight()->is_hint);
  CHECK(!scene->target()->preflight()->gaps_take_room);
  fs.magic = 0x4d44;
  CHECK(!scene->target()->preflight()->is_hint);
  CHECK(scene->target()->preflight()->gaps_take_room);
  fs.total_bytes = 0;
  CHECK(!scene->target()->preflight()->free_bytes);
}

TEST_CASE("dir: on memory is refused where nothing would survive") {
  const auto scene = make_scene("dir");
  scene->sys.add_directory("/in-rootfs");
  scene->sys.add_mount("tmpfs", "/tmp", scene->sys.add_fs({.type = "tmpfs", .magic = 0x01021994}));
  for (const char* directory : {"/in-rootfs", "/tmp"}) {
    scene->url = std::string("dir:") + directory;
    const auto space = scene->target()->preflight();
    REQUIRE(!space);
    CHECK(space.error().kind == Kind::refused);
    CHECK(has(error_of(space), "nothing there would survive"));
  }
}

TEST_CASE("a directory that leads out of the file system is refused") {
  const auto scene = make_scene("fs");
  const auto target = scene->target();
  REQUIRE(target->preflight());
  // What a link from /var would do: another file system below the mount.
  scene->sys.add_mount("ramfs", "/mnt/vda/var", scene->sys.add_fs({.magic = 0x858458f6}));
  const auto begun = target->begin(kCrash);
  REQUIRE(!begun);
  CHECK(begun.error().kind == Kind::refused);
}

TEST_CASE("a link on the way that leads nowhere is told to be one") {
  char made[] = "/tmp/kdump-init-links-XXXXXX";
  REQUIRE(mkdtemp(made));
  const std::string top = made;
  Sys& sys = real_sys();
  std::filesystem::create_symlink("/of/the/running/system", top + "/link");
  const auto fs = read_mounted_fs(sys, top);
  REQUIRE(fs);
  for (const char* directory : {"/link", "/link/crash"}) {
    CAPTURE(directory);
    const auto crash = CrashDirectory::make(sys, top, directory, kCrash, *fs);
    CHECK(has(error_of(crash), "a link on the way leads nowhere"));
  }
  std::filesystem::remove_all(top);
}

TEST_CASE("what cannot be unmounted is detached, and said") {
  const auto scene = make_scene("fs");
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(scene->sys.open("/mnt/vda", O_RDONLY | O_DIRECTORY, 0) > 0);
  const auto finished = target->finish();
  REQUIRE(!finished);
  CHECK(has(error_of(finished), "detached instead"));
  CHECK(scene->sys.mounts().size() == 1);
}
