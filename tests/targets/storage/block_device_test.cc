#include "targets/storage/block_device.h"

#include <doctest/doctest.h>

#include "tests/targets/target_scene.h"

using namespace kdump;

namespace {

constexpr uint64_t kDiskBytes = 128 << 10;

std::vector<uint8_t> gpt_head() {
  std::vector<uint8_t> head(2048);
  std::copy_n("EFI PART", 8, head.begin() + 512);
  head[512 + 72] = 2;    // the table's block
  head[512 + 80] = 4;    // entries
  head[512 + 84] = 128;  // bytes each
  uint8_t* const second = &head[1024 + 128];
  second[0] = 1;  // some type
  for (uint8_t i = 0; i < 16; ++i) second[16 + i] = i;
  second[56] = 'd';
  second[58] = 'p';
  return head;
}

struct Machine {
  FakeSys sys;
  SilentObserver observer;
  DeviceFinder finder{sys, 5, observer};

  Result<BlockDevice> find(DeviceName::By by, const char* value) {
    return finder.find({by, value});
  }
};

}  // namespace

TEST_CASE("a device is found by path, UUID, label, PARTUUID and PARTLABEL") {
  Machine machine;
  machine.sys.add_disk("vda", kDiskBytes, gpt_head());
  machine.sys.add_partition("vda", "vda2", 2, 64, kDiskBytes, ext4_head(0xab, "dumps"));
  using By = DeviceName::By;
  for (const auto& [by, value] :
       {std::pair{By::path, "/dev/vda2"}, std::pair{By::uuid, kSceneUuid},
        std::pair{By::uuid, "ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB"}, std::pair{By::label, "dumps"},
        std::pair{By::partuuid, "03020100-0504-0706-0809-0a0b0c0d0e0f"},
        std::pair{By::partlabel, "dp"}}) {
    CAPTURE(value);
    const auto device = machine.find(by, value);
    REQUIRE(device);
    CHECK(device->name == "vda2");
    CHECK(device->disk == "vda");
  }
  CHECK(machine.find(By::path, "/dev/vda")->partitions == std::vector<std::string>{"vda2"});
  CHECK(machine.observer.waits.empty());
}

TEST_CASE("a device that comes late is waited for, and the wait is announced") {
  Machine machine;
  machine.sys.at_ms(3000, [&] { machine.sys.add_disk("vda", kDiskBytes, ext4_head(0xab, "")); });
  CHECK(machine.find(DeviceName::By::uuid, kSceneUuid));
  CHECK(machine.sys.monotonic_ms() == 3000);
  REQUIRE(machine.observer.waits.size() == 1);
  CHECK(machine.observer.waits[0] == std::string("device UUID=") + kSceneUuid);
}

TEST_CASE("a missing device is a timeout that lists the present ones") {
  Machine machine;
  machine.sys.add_disk("vda", kDiskBytes, ext4_head(0xcd, "other\n"));
  const auto device = machine.find(DeviceName::By::label, "dumps");
  REQUIRE(!device);
  CHECK(device.error().kind == Kind::timeout);
  CHECK(machine.sys.monotonic_ms() == 5000);
  const std::string text = device.error().text;
  CHECK(text ==
        "LABEL=dumps: no such device within 5s; there is vda (ext4 "
        "UUID=cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd LABEL=other?)");
  REQUIRE(machine.observer.notes.size() == 1);
}

TEST_CASE("the error says that there is no block device") {
  Machine machine;
  const auto device = machine.find(DeviceName::By::path, "/dev/vda");
  REQUIRE(!device);
  CHECK(std::string(device.error().text) ==
        "/dev/vda: no such device within 5s; there is no block device");
}

TEST_CASE("a name that fits two devices is refused, naming both") {
  Machine machine;
  machine.sys.add_disk("vda", kDiskBytes, ext4_head(0xab, "dumps"));
  machine.sys.add_disk("vdb", kDiskBytes, ext4_head(0xab, "dumps"));
  const auto device = machine.find(DeviceName::By::label, "dumps");
  REQUIRE(!device);
  CHECK(device.error().kind == Kind::refused);
  const std::string text = device.error().text;
  CHECK(text.find("vda (") != std::string::npos);
  CHECK(text.find("vdb (") != std::string::npos);
}

TEST_CASE("of a device and what is made out of it, the outermost is meant") {
  Machine machine;
  machine.sys.add_disk("sda", kDiskBytes, ext4_head(0xab, ""));
  machine.sys.add_disk("dm-0", kDiskBytes, ext4_head(0xab, ""));
  machine.sys.add_directory("/sys/class/block/sda/holders/dm-0");
  CHECK(machine.find(DeviceName::By::uuid, kSceneUuid)->name == "dm-0");
}

TEST_CASE("a ! in sysfs is a / in the device's path") {
  Machine machine;
  machine.sys.add_disk("cciss!c0d0", kDiskBytes);
  const auto device = machine.find(DeviceName::By::path, "/dev/cciss!c0d0");
  REQUIRE(device);
  CHECK(device->path == "/dev/cciss/c0d0");
}

TEST_CASE("a path that is no block device is refused at once") {
  Machine machine;
  machine.sys.add_file("/dev/null", "");
  const auto device = machine.find(DeviceName::By::path, "/dev/null");
  REQUIRE(!device);
  CHECK(device.error().kind == Kind::refused);
  CHECK(machine.sys.monotonic_ms() == 0);
}

TEST_CASE("a btrfs on several devices is whole when all of them are there") {
  const auto btrfs = [](uint64_t devices) {
    std::vector<uint8_t> head(70'000);
    uint8_t* const super = &head[65536];
    super[50] = 1;  // its own offset, 65536
    std::copy_n("_BHRfS_M", 8, super + 64);
    std::fill_n(super + 32, 16, 0xab);
    super[136] = static_cast<uint8_t>(devices);
    return head;
  };
  Machine machine;
  machine.sys.add_disk("vdb", kDiskBytes, btrfs(2));
  const DeviceName name{DeviceName::By::uuid, kSceneUuid};
  const auto half = machine.finder.find_file_system(name);
  REQUIRE(!half);
  CHECK(half.error().kind == Kind::timeout);
  machine.sys.add_disk("vdc", kDiskBytes, btrfs(2));
  const auto whole = machine.finder.find_file_system(name);
  REQUIRE(whole);
  CHECK(whole->size() == 2);
}
