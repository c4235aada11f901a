#include "targets/storage/stack/storage_stack.h"

#include <doctest/doctest.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "targets/url/url.h"
#include "tests/targets/target_scene.h"

using namespace kdump;

namespace {

constexpr char kLuksUuid[] = "01234567-89ab-cdef-0123-456789abcdef";
constexpr char kArrayUuid[] = "12121212-1212-1212-1212-121212121212";
constexpr uint64_t kBytes = 256 << 10;

std::vector<uint8_t> luks_head() {
  std::vector<uint8_t> head(4096);
  std::copy_n("LUKS\xba\xbe", 6, head.begin());
  std::copy_n(kLuksUuid, sizeof kLuksUuid, head.begin() + 168);
  return head;
}

std::vector<uint8_t> array_head() {
  std::vector<uint8_t> head(8192);
  std::copy_n("\xfc\x4e\x2b\xa9", 4, head.begin() + 4096);
  std::fill_n(head.begin() + 4096 + 16, 16, 0x12);
  return head;
}

// A kernel whose device mapper records its requests.
struct Machine {
  Machine() {
    sys.add_file("/dev/mapper/control", "");
    sys.on_ioctl = [this](const std::string& path, unsigned long request, void* argument) {
      return mapper(path, request, static_cast<uint8_t*>(argument));
    };
  }

  int64_t mapper(const std::string& path, unsigned long request, uint8_t* block) {
    if (path != "/dev/mapper/control") return -ENOTTY;
    const auto header = load<dm_ioctl>(block);
    if (request == DM_DEV_CREATE && made_before) return -EBUSY;
    if (request == DM_DEV_CREATE) name = header.name;
    if (request == DM_DEV_REMOVE) name.clear();
    if (request == DM_TABLE_LOAD) {
      if (table_is_refused) return -EINVAL;
      const auto spec = load<dm_target_spec>(block + header.data_start);
      CHECK(header.target_count == 1);
      CHECK(header.data_start + spec.next <= header.data_size);
      table = std::to_string(spec.sector_start) + " " + std::to_string(spec.length) + " " +
              spec.target_type + " " +
              reinterpret_cast<const char*>(block + header.data_start + sizeof spec);
    }
    if (request == DM_DEV_SUSPEND) sys.add_disk("dm-0", kBytes, ext4_head(0xab, "dumps"));
    return 0;
  }

  Result<> make(const char* device = "UUID=abababab-abab-abab-abab-abababababab") {
    const auto url = parse_raw_url(device);
    return make_storage(sys, finder, url->device, observer);
  }

  FakeSys sys;
  SilentObserver observer;
  DeviceFinder finder{sys, 5, observer};
  bool made_before = false, table_is_refused = false;
  std::string name, table;
};

std::string list_with(const std::string& step) {
  return std::string("target UUID=") + kSceneUuid + "\n" + step + "\n";
}

std::string crypt_step() {
  return list_with(std::string("crypt secret ") + kLuksUuid + " aes-xts-plain64 0 32 512 /key");
}

}  // namespace

TEST_CASE("without a list, or with nothing in it for this target, nothing is done") {
  Machine machine;
  CHECK(machine.make());
  machine.sys.add_file(kStorageList, crypt_step());
  CHECK(machine.make("LABEL=other"));
  CHECK(machine.name.empty());
  CHECK(machine.sys.monotonic_ms() == 0);
}

TEST_CASE("a LUKS device gets its table, as large as the device is now, and the key") {
  Machine machine;
  machine.sys.add_file(kStorageList, crypt_step());
  machine.sys.add_file("/key", "00ff");
  machine.sys.add_disk("vda", kBytes, luks_head());
  REQUIRE(machine.make());
  CHECK(machine.name == "secret");
  CHECK(machine.table ==
        "0 " + std::to_string(kBytes / 512 - 32) + " crypt aes-xts-plain64 00ff 0 /dev/vda 32");
  SUBCASE("and a second target on it finds it made") {
    machine.name.clear();
    CHECK(machine.make());
    CHECK(machine.name.empty());
  }
}

TEST_CASE("what the kernel made before is well, what it refuses is taken back") {
  Machine machine;
  machine.sys.add_file(kStorageList, crypt_step());
  machine.sys.add_file("/key", "00ff");
  machine.sys.add_disk("vda", kBytes, luks_head());
  SUBCASE("made before") {
    machine.made_before = true;
    CHECK(machine.make());
    CHECK(machine.table.empty());
  }
  SUBCASE("refused") {
    machine.table_is_refused = true;
    const auto made = machine.make();
    REQUIRE(!made);
    CHECK(std::string(made.error().text).starts_with("crypt secret: device mapper: table of"));
    CHECK(machine.name.empty());
  }
}

TEST_CASE("a device that does not come is a timeout within the step's time") {
  Machine machine;
  machine.sys.add_file(kStorageList, crypt_step());
  const auto made = machine.make();
  REQUIRE(!made);
  CHECK(made.error().kind == Kind::timeout);
  CHECK(machine.sys.monotonic_ms() == 5000);
}

TEST_CASE("an array is started from its members, and without one that does not come") {
  for (const bool is_whole : {true, false}) {
    CAPTURE(is_whole);
    Machine machine;
    FakeSys& sys = machine.sys;
    sys.add_file(kStorageList, list_with(std::string("md md7 1.2 ") + kArrayUuid + " 2"));
    sys.add_file("/sys/module/md_mod/parameters/new_array", "");
    for (const char* name : {"metadata_version", "new_dev", "sync_speed_max"})
      sys.add_file(std::string("/sys/block/md7/md/") + name, "");
    sys.add_file("/sys/block/md7/md/array_state", "clear\n");
    sys.add_disk("vda", kBytes, array_head());
    if (is_whole) sys.add_disk("vdb", kBytes, array_head());
    REQUIRE(machine.make());
    CHECK(sys.content("/sys/block/md7/md/metadata_version") == "1.2");
    CHECK(sys.content("/sys/block/md7/md/array_state").starts_with("active"));
    CHECK(sys.content("/sys/block/md7/md/new_dev").size() >= 3);
    CHECK((sys.monotonic_ms() == 0) == is_whole);
  }
}

TEST_CASE("no list makes it fail otherwise than with an error") {
  for (const char* list :
       {"crypt\n", "crypt a b c d e f g\n", "md a b c d\n", "lvm a b c\n", "what is this\n",
        "crypt a b c 0 1 0 /key\n", "crypt a b c 0 1 513 /key\n", "\n \n\n"}) {
    CAPTURE(list);
    Machine machine;
    machine.sys.add_file(kStorageList, list_with(list));
    const auto made = machine.make();
    CHECK(made.has_value() == (list[0] == '\n'));
  }
}
