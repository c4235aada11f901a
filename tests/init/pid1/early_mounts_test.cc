// The mounts that PID 1 makes first.
#include "init/pid1/early_mounts.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

TEST_CASE("proc, sys and dev are mounted, once") {
  FakeSys sys;
  sys.known_types = {"proc", "sysfs", "devtmpfs"};
  CHECK(mount_early(sys).empty());
  std::string mounted;
  for (const FakeSys::Mount& mount : sys.mounts())
    if (!mount.of_scene) mounted += mount.type + ":" + mount.at + " ";
  CHECK(mounted == "proc:/proc sysfs:/sys devtmpfs:/dev ");
}

TEST_CASE("a mount that fails is reported and the others are made") {
  FakeSys sys;
  sys.known_types = {"proc", "devtmpfs"};
  const std::vector<Error> failures = mount_early(sys);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].sys_errno == ENODEV);
  CHECK(std::string(failures[0].text).starts_with("mount sysfs on /sys"));
  bool has_dev = false;
  for (const FakeSys::Mount& mount : sys.mounts()) has_dev |= mount.at == "/dev";
  CHECK(has_dev);
}

}  // namespace
}  // namespace kdump
