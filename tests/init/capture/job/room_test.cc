// Room on a target: what a dump may take of it, in which order, and what gives way.
#include <doctest/doctest.h>

#include "tests/init/capture/job/dump_job_run.h"

using namespace kdump;

namespace {

constexpr uint64_t kSpare = 1 << 20;  // the job leaves it for log and report

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

uint64_t dump_bytes(const std::vector<uint32_t>& levels) {
  Run run;
  run.settings.levels = levels;
  REQUIRE(run.job() == Board::Outcome::saved);
  return run.file("vmcore").size();
}

// 12 MiB of memory, 8 of them free, and 2 MiB at 128 GiB: the bitmaps of kdump take 8 MiB.
std::string far_core() {
  const TextCore core(
      "kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\n"
      "load 0x1fffe00000 0x200000 0x200000 0xffff901fffe00000\nram 0 12M\n"
      "page 1024 free order=10\npage 2048 free order=10\n");
  return content_of(core.path());
}

}  // namespace

TEST_CASE("root's reserved blocks take the dump, once no other target is left") {
  FakeFs full;
  full.free_bytes = full.reserved_bytes = kSpare + kTinyLimitBytes;
  {
    Run run({}, full);
    CHECK(run.job({.network = *run.network, .room_use = RoomUse::ordinary}) ==
          Board::Outcome::failed);
    CHECK(run.board->deferred);
    CHECK(run.log_says("other targets come first"));
    CHECK(run.has("vmcore-dmesg.txt"));
    CHECK(!run.has("vmcore-incomplete"));
  }
  Run run({}, full);
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.has("vmcore"));
  CHECK(run.log_says("reserves for root"));
  CHECK(run.has("report.json"));
}

TEST_CASE("further levels come before root's reserved blocks") {
  FakeFs disk;
  disk.free_bytes = kSpare + kTinyLimitBytes + (4 << 20);
  disk.reserved_bytes = 4 << 20;
  Run run({}, disk);
  run.settings.levels = {0, 31};
  CHECK(run.job() == Board::Outcome::saved);
  CHECK(says(run.file("report.json"), "\"level\": 31"));
  CHECK(!run.log_says("reserves for root"));
}

TEST_CASE("what would not fit even so is cut off, and takes what there is only at last") {
  FakeFs disk;
  disk.free_bytes = kSpare + kTinyLimitBytes;
  disk.reserved_bytes = kTinyLimitBytes / 2;
  uint64_t cut_at[2];
  for (const RoomUse use : {RoomUse::ordinary, RoomUse::all}) {
    Run run({}, disk);
    run.settings.levels = {0};
    CHECK(run.job({.network = *run.network, .room_use = use}) == Board::Outcome::incomplete);
    cut_at[use == RoomUse::all] = run.file("vmcore-incomplete").size();
  }
  CHECK(cut_at[0] <= kTinyLimitBytes / 2);
  CHECK(cut_at[1] > kTinyLimitBytes / 2);
  CHECK(cut_at[1] <= kTinyLimitBytes);
}

TEST_CASE("a server that says it has no room is tried, once no other target is left") {
  FakeFs server;
  server.magic = 0x6969;
  server.reported_free_bytes = 0;
  {
    Run run({}, server);
    CHECK(run.job({.network = *run.network, .room_use = RoomUse::ordinary}) ==
          Board::Outcome::failed);
    CHECK(run.board->deferred);
    CHECK(run.log_says("by what the server says"));
  }
  Run run({}, server);
  run.settings.levels = {0, 31};
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("it is tried all the same"));
  CHECK(says(run.file("report.json"), "\"level\": 31"));
  CHECK(run.has("vmcore-dmesg.txt"));
}

TEST_CASE("what is never written takes no room where there are holes") {
  FakeFs disk;
  disk.has_holes = true;
  disk.free_bytes = kSpare + (5 << 20);
  Run run({}, disk);
  run.settings.compression.kind = Compression::Kind::zstd;
  run.sys.add_file("/far", far_core());
  run.settings.vmcore = "/far";
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.file("vmcore").starts_with("KDUMP   "));
  CHECK(run.file("vmcore").size() > 8u << 20);
}

TEST_CASE("where there are no holes and kdump's bitmaps do not fit the dump is ELF") {
  FakeFs disk;
  disk.magic = 0x4d44;
  disk.free_bytes = kSpare + (7 << 20);
  for (const bool fits : {true, false}) {
    CAPTURE(fits);
    if (!fits) disk.free_bytes = kSpare + (4 << 20);
    Run run({}, disk);
    run.sys.add_file("/far", far_core());
    run.settings.vmcore = "/far";
    CHECK(run.job() == (fits ? Board::Outcome::saved : Board::Outcome::incomplete));
    CAPTURE(std::string(run.board->log_text()));
    CHECK(run.file(fits ? "vmcore" : "vmcore-incomplete")
              .starts_with("\x7f"
                           "ELF"));
    CHECK(says(run.file("report.json"), "\"format\": \"elf\""));
    if (!fits) CHECK(run.file("vmcore-incomplete").size() > 2u << 20);
  }
}

namespace {

// Two old dumps, the older of which may go for a new one.
struct FullRun : Run {
  static constexpr char kOldest[] = "/crash/tiny-2026-01-01-00:00:00",
                        kOlder[] = "/crash/tiny-2026-01-02-00:00:00";

  explicit FullRun(uint64_t room, FakeFs like = {}) : Run({}, std::move(like)) {
    for (const std::string at : {kOldest, kOlder}) {
      sys.add_directory(at);
      sys.add_file(at + "/vmcore", std::string(100 << 10, 'o'));
      sys.add_file(at + "/report.json", "{}");
    }
    disk->free_bytes = kSpare + room;
    settings.levels = {0};
    settings.keep = 1;
  }
  bool has_old(const char* at) const { return sys.contains(std::string(at) + "/vmcore"); }
};

}  // namespace

TEST_CASE("rd.kdump.keep: an estimate that is too large removes nothing") {
  FullRun run(dump_bytes({0}) + (3 << 10));
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("does not fit"));
  // Both at once, after the new one was saved.
  CHECK(run.log_says("oldest dumps of tiny removed: 2"));
}

TEST_CASE("rd.kdump.keep: what would not make the dump fit is not removed") {
  FullRun run(dump_bytes({0}) - (150 << 10));
  CHECK(run.job() == Board::Outcome::incomplete);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.has_old(run.kOldest));
  CHECK(run.has_old(run.kOlder));
}

TEST_CASE("rd.kdump.keep: a server's word on its room removes nothing") {
  FakeFs server;
  server.magic = 0x6969;
  FullRun run(64 << 20, server);
  run.disk->reported_free_bytes = dump_bytes({0}) + kSpare - (50 << 10);
  CHECK(run.job({.network = *run.network, .room_use = RoomUse::ordinary}) ==
        Board::Outcome::failed);
  CHECK(run.has_old(run.kOldest));
  CHECK(run.job() == Board::Outcome::saved);
  CHECK(run.log_says("oldest dumps of tiny removed: 2"));
}

TEST_CASE("rd.kdump.keep: removing that gives no room back is not repeated") {
  FullRun run(dump_bytes({0}) - (50 << 10));
  run.disk->reported_free_bytes = run.disk->free_bytes;  // and stays so
  CHECK(run.job() == Board::Outcome::failed);  // its pages come in one write, which does not fit
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.has_old(run.kOlder));
  CHECK(run.has("vmcore-incomplete"));
}

TEST_CASE("the kernel's log gives way to the dump, and is saved after it") {
  std::string description = "kernel x86_64-6.1\nCRASHTIME=1795231291\nnodename tiny\nring 12 18\n";
  for (int i = 0; i < 2000; ++i)
    description += "log 7.000000 message " + std::to_string(i) + std::string(80, ' ') + "x\n";
  const TextCore core(description);
  const std::string vmcore = content_of(core.path());
  Run first;
  first.sys.add_file("/long", vmcore);
  first.settings.vmcore = "/long";
  REQUIRE(first.job() == Board::Outcome::saved);
  const std::string log = first.file("vmcore-dmesg.txt");
  CAPTURE(std::string(first.board->log_text()));
  REQUIRE(log.size() > 150 << 10);

  // The log fits, and then the dump does not; or the log does not fit whole.
  for (const uint64_t room : {first.file("vmcore").size() + (250 << 10), size_t{0}}) {
    CAPTURE(room);
    FakeFs disk;
    disk.free_bytes = kSpare + room;
    if (room == 0) {
      disk.free_bytes = kSpare - (900 << 10);
      disk.reported_free_bytes = disk.free_bytes;
    }
    Run run({}, disk);
    run.sys.add_file("/long", vmcore);
    run.settings.vmcore = "/long";
    const Board::Outcome outcome = run.job();
    CAPTURE(std::string(run.board->log_text()));
    CHECK(run.log_says("gives way to the dump"));
    if (room == 0) continue;
    CHECK(outcome == Board::Outcome::saved);
    CHECK(run.file("vmcore-dmesg.txt") == log);
    const std::string sums = run.file("SHA256SUMS");
    CHECK(sums.find("vmcore-dmesg.txt") == sums.rfind("vmcore-dmesg.txt"));
    CHECK(run.has("report.json"));
  }
}
