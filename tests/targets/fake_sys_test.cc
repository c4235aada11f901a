// The fake itself, where the other tests lean on it.
#include "tests/fakes/fake_sys.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cerrno>

#include "filter/base/file.h"

using namespace kdump;

namespace {

Bytes as_bytes(const char* text) { return {reinterpret_cast<const uint8_t*>(text), strlen(text)}; }

}  // namespace

TEST_CASE("a power cut loses what was not synced, names and contents apart") {
  for (const uint64_t seed : {uint64_t{0}, UINT64_MAX}) {
    FakeSys sys;
    sys.add_directory("/d");
    {
      auto file = File::open(sys, "/d/a", O_WRONLY | O_CREAT | O_EXCL);
      REQUIRE(file);
      REQUIRE(file->write_at(0, as_bytes("one")));
      REQUIRE(file->sync());
      REQUIRE(sys.fsync(static_cast<int>(sys.open("/d", O_RDONLY | O_DIRECTORY, 0))) == 0);
      REQUIRE(file->write_at(3, as_bytes("two")));
      REQUIRE(sys.rename_new("/d/a", "/d/b") == 0);
    }
    sys.power_cut(seed);
    CHECK(sys.contains("/d/b") == (seed != 0));
    CHECK(sys.content(seed ? "/d/b" : "/d/a") == (seed ? "onetwo" : "one"));
  }
}

TEST_CASE("the nth call fails, once or from then on, and later the fault is known to have fired") {
  FakeSys once({.fail_nth = 2, .with = ENOSPC});
  CHECK(once.mkdir("/a", 0700) == 0);
  CHECK(once.mkdir("/b", 0700) == -ENOSPC);
  CHECK(once.mkdir("/b", 0700) == 0);
  CHECK(once.fired());
  FakeSys for_ever({.fail_nth = 1, .for_ever = true});
  CHECK(for_ever.mkdir("/a", 0700) == -EIO);
  CHECK(for_ever.mkdir("/a", 0700) == -EIO);
}

TEST_CASE("File survives short writes and an interrupted call, and reports a full disk") {
  FakeSys sys({.fail_nth = 2, .with = EINTR, .short_io_bytes = 2});
  sys.add_mount("disk", "/m", sys.add_fs({.free_bytes = 5}));
  auto file = File::open(sys, "/m/f", O_WRONLY | O_CREAT | O_EXCL);
  REQUIRE(file);
  CHECK(file->write_at(0, as_bytes("abcde")));
  CHECK(sys.content("/m/f") == "abcde");
  const auto full = file->write_at(5, as_bytes("f"));
  REQUIRE(!full);
  CHECK(full.error().kind == Kind::no_space);
}

TEST_CASE("calls that are interrupted without end fail") {
  FakeSys sys({.fail_nth = 2, .with = EINTR, .for_ever = true});
  sys.add_mount("disk", "/m", sys.add_fs({}));
  auto file = File::open(sys, "/m/f", O_RDWR | O_CREAT | O_EXCL);
  REQUIRE(file);
  uint8_t byte = 0;
  CHECK(file->write_at(0, as_bytes("a")).error().sys_errno == EINTR);
  CHECK(file->append(as_bytes("a")).error().sys_errno == EINTR);
  CHECK(file->read_at(0, {&byte, 1}).error().sys_errno == EINTR);
  CHECK(file->truncate(0).error().sys_errno == EINTR);
  CHECK(File::open(sys, "/m/f", O_RDONLY).error().sys_errno == EINTR);
  CHECK(read_small_file(sys, "/m/f", 1).error().sys_errno == EINTR);
}

TEST_CASE("a device that is mounted cannot be opened exclusively") {
  FakeSys sys;
  FakeNode& disk = sys.add_disk("vda", 4096);
  disk.holds = &sys.add_fs({});
  sys.add_directory("/mnt");
  CHECK(sys.mount("/dev/vda", "/mnt", "reiserfs", 0, "") == -ENODEV);
  CHECK(sys.mount("/dev/vda", "/mnt", "xfs", 0, "") == -EINVAL);
  CHECK(sys.mount("/dev/vda", "/mnt", "ext4", 0, "") == 0);
  CHECK(sys.open("/dev/vda", O_RDWR | O_EXCL, 0) == -EBUSY);
  CHECK(sys.mkdir("/mnt/x", 0700) == 0);
  CHECK(sys.umount("/mnt", 0) == 0);
  CHECK(!sys.contains("/mnt/x"));
  CHECK(sys.open("/dev/vda", O_RDWR | O_EXCL, 0) >= 0);
}

TEST_CASE("a device appears while someone sleeps") {
  FakeSys sys;
  sys.at_ms(1500, [&] { sys.add_disk("vda", 4096); });
  sys.sleep_ms(1000);
  CHECK(!sys.contains("/dev/vda"));
  sys.sleep_ms(1000);
  CHECK(sys.contains("/dev/vda"));
  CHECK(sys.monotonic_ms() == 2000);
}
