// raw:, where it differs from what every target promises.
#include <doctest/doctest.h>

#include "targets/raw/extents.h"
#include "targets/raw/raw_format.h"
#include "tests/targets/target_scene.h"

using namespace kdump;

namespace {

constexpr char kCrash[] = "host-2026-11-21-03:21:29";

Result<> save(Target& target, const char* crash, const std::string& dump) {
  TRY(target.preflight());
  TRY(target.begin(crash));
  const auto file = TRY(target.create("vmcore", 0));
  TRY(file->write_at(0, {reinterpret_cast<const uint8_t*>(dump.data()), dump.size()}));
  return file->commit();
}

std::string refusal(TargetScene& scene) {
  const auto target = scene.target();
  const auto space = target->preflight();
  REQUIRE(!space);
  CHECK(space.error().kind == Kind::refused);
  CHECK(target->finish());
  CHECK(scene.sys.open_files() == 0);
  return space.error().text;
}

}  // namespace

TEST_CASE("the dump can be read from the device itself") {
  const auto scene = make_scene("raw");
  const auto target = scene->target();
  const std::string dump = "KDUMP   " + std::string(9000, 'x');
  REQUIRE(save(*target, kCrash, dump));
  CHECK(scene->sys.content("/dev/vda").starts_with(dump));
  CHECK(target->location() == std::string("/dev/vda (") + kCrash + ")");
}

TEST_CASE("an earlier dump is named, and overwritten only if forced") {
  const auto scene = make_scene("raw");
  REQUIRE(save(*scene->target(), kCrash, "KDUMP   one"));
  CHECK(refusal(*scene) ==
        std::string("/dev/vda holds the dump ") + kCrash + "; raw:/dev/vda?force overwrites it");
  scene->url += "?force";
  REQUIRE(save(*scene->target(), "other-2026-11-22-00:00:00", "KDUMP   two"));
  CHECK(!scene->saved(kCrash, "vmcore"));
  CHECK(scene->saved("other-2026-11-22-00:00:00", "vmcore") == "KDUMP   two");
}

TEST_CASE("while a dump is written, and when it is kept incomplete, offset 0 shows none") {
  const auto scene = make_scene("raw");
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(target->begin(kCrash));
  const auto file = target->create("vmcore", 0);
  const std::string head = "KDUMP   " + std::string(kRawBlock - 8, 'h');
  REQUIRE((*file)->write_at(0, {reinterpret_cast<const uint8_t*>(head.data()), head.size()}));
  const std::string none(kRawBlock, '\0');
  CHECK((scene->sys.content("/dev/vda").substr(0, kRawBlock) == none));
  REQUIRE((*file)->keep_incomplete());
  CHECK((scene->sys.content("/dev/vda").substr(0, kRawBlock) == none));
  const uint64_t spare = RawLayout::of(kSceneDeviceBytes)->spare;
  CHECK((scene->sys.content("/dev/vda").substr(spare, kRawBlock) == head));
}

TEST_CASE("what someone may want is not overwritten") {
  const auto scene = make_scene("raw");
  scene->sys.add_disk("vdb", kSceneDeviceBytes, ext4_head(0xab, "home"));
  scene->url = "raw:/dev/vdb";
  CHECK(refusal(*scene) == std::string("/dev/vdb holds ext4 UUID=") + kSceneUuid +
                               " LABEL=home; raw:/dev/vdb?force overwrites it");
  scene->url = "raw:LABEL=home?force";
  CHECK(scene->target()->preflight());
}

TEST_CASE("what is mounted, in use or partitioned is refused even if forced") {
  const auto scene = make_scene("raw");
  FakeNode& mounted = scene->sys.add_disk("vdb", kSceneDeviceBytes);
  mounted.holds = &scene->sys.add_fs({});
  scene->sys.add_directory("/m");
  REQUIRE(scene->sys.mount("/dev/vdb", "/m", "ext4", 0, "") == 0);
  scene->url = "raw:/dev/vdb?force";
  CHECK(refusal(*scene) == "vdb (unknown data) is mounted");

  scene->sys.add_disk("vdc", kSceneDeviceBytes).claimed = true;
  scene->url = "raw:/dev/vdc?force";
  CHECK(refusal(*scene) == "vdc (unknown data) is in use (mounted, swap, or part of an array)");

  scene->sys.add_disk("vdd", kSceneDeviceBytes);
  scene->sys.add_partition("vdd", "vdd1", 1, 64, kSceneDeviceBytes / 2);
  scene->url = "raw:/dev/vdd?force";
  CHECK(refusal(*scene) == "/dev/vdd has 1 partitions (vdd1 …): name one of them, or remove them");
}

TEST_CASE("too small a device, and too large a dump, are no_space") {
  const auto scene = make_scene("raw");
  scene->sys.add_disk("vdb", kRawSmallestDevice - 512);
  scene->url = "raw:/dev/vdb";
  CHECK(scene->target()->preflight().error().kind == Kind::no_space);

  scene->url = "raw:/dev/vda";
  const auto target = scene->target();
  const uint64_t room = *target->preflight()->free_bytes;
  REQUIRE(target->begin(kCrash));
  const auto file = target->create("vmcore", 0);
  REQUIRE((*file)->write_at(room - 1, std::vector<uint8_t>(1)));
  CHECK((*file)->write_at(room - 1, std::vector<uint8_t>(2)).error().kind == Kind::no_space);
  CHECK((*file)->write_at(UINT64_MAX, std::vector<uint8_t>(1)).error().kind == Kind::no_space);
}

TEST_CASE("a kernel log of any length leaves room for log and report") {
  const auto scene = make_scene("raw");
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(target->begin(kCrash));
  {
    const auto dmesg = target->create("vmcore-dmesg.txt", 0);
    uint64_t at = 0;
    while ((*dmesg)->write_at(at, std::vector<uint8_t>(1000))) at += 1000;
    CHECK(at > 20'000);
    REQUIRE((*dmesg)->keep_incomplete());
  }
  CHECK(target->create("report.json", 4000));
}

TEST_CASE("a label is itself again, and nothing else is one") {
  RawLabel label{.sequence = 7, .crash = kCrash, .entries = {}};
  label.entries.push_back({.name = "vmcore", .offset = 0, .size = 5, .state = RawState::complete});
  RawLabelBlock block = encode_raw_label(label);
  const auto again = decode_raw_label(block);
  REQUIRE(again);
  CHECK(again->sequence == 7);
  CHECK(again->crash == kCrash);
  REQUIRE(again->entries.size() == 1);
  CHECK(again->entries[0].name == "vmcore");
  CHECK(again->entries[0].state == RawState::complete);
  for (size_t i = 0; i < block.size(); ++i) {
    block[i] ^= 0x10;
    CHECK(!decode_raw_label(block));
    block[i] ^= 0x10;
  }
}

TEST_CASE("extents know the gaps between them") {
  Extents extents;
  CHECK(!extents.first_gap());
  extents.add({10, 20});
  extents.add({30, 40});
  CHECK(extents.first_gap()->end == 10);
  extents.add({0, 10});
  CHECK(extents.first_gap()->begin == 20);
  CHECK(extents.first_gap()->end == 30);
  extents.add({15, 35});
  CHECK(!extents.first_gap());
  CHECK(extents.count() == 1);
  CHECK(extents.end() == 40);
}
