// What rd.kdump.keep= removes of a directory, and above all what it does not.
#include "targets/retention.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "targets/directory/local_stored_files.h"
#include "tests/fakes/fake_sys.h"
#include "tests/fixtures/reason.h"
#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;
namespace fs = std::filesystem;

namespace {

struct Silent final : Observer {
  void waiting_for(const char*, uint32_t) override {}
  void note(const char*) override { ++notes; }
  int notes = 0;
};

class Place {
 public:
  Place() {
    char name[] = "/tmp/kdump-init-keep-XXXXXX";
    REQUIRE(mkdtemp(name));
    path = name;
  }
  ~Place() { fs::remove_all(path); }

  fs::path add(const std::string& name, const char* vmcore = "vmcore") const {
    fs::create_directory(path / name);
    for (const char* file : {vmcore, "vmcore-dmesg.txt", "report.json", "SHA256SUMS"})
      std::ofstream(path / name / file) << "12345";
    return path / name;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(path)) all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }
  fs::path path;
};

std::string day(int number) { return "host-2026-01-0" + std::to_string(number) + "-00:00:00"; }

uint32_t removed_from(const Place& place, uint32_t keep, int current_dump, bool is_whole) {
  LocalStoredFiles files(real_sys(), place.path);
  Silent observer;
  const auto removed = remove_oldest(
      real_sys(), files,
      {.keep = keep, .host = "host", .current_dump = day(current_dump), .is_whole = is_whole},
      observer);
  REQUIRE_MESSAGE(removed, reason(removed));
  return removed->dumps;
}

}  // namespace

TEST_CASE("the oldest complete dumps are removed, the given number stays") {
  for (uint32_t keep = 1; keep <= 6; ++keep) {
    CAPTURE(keep);
    const Place place;
    for (int i = 1; i <= 5; ++i) place.add(day(i));
    CHECK(removed_from(place, keep, 5, true) == (keep < 5 ? 5 - keep : 0));
    CHECK(place.names().size() == std::min(keep, 5u));
    CHECK(place.names().back() == day(5));
    CHECK(removed_from(place, keep, 5, true) == 0);
  }
}

TEST_CASE("before the new dump is whole, the newest of the old ones stays in any case") {
  const Place place;
  for (int i = 1; i <= 3; ++i) place.add(day(i));
  place.add(day(4), "vmcore-incomplete");
  CHECK(removed_from(place, 1, 4, false) == 2);
  CHECK(place.names() == std::vector{day(3), day(4)});
}

TEST_CASE("a clock that goes backwards costs neither the newest nor the one just made") {
  const Place place;
  for (int i = 1; i <= 3; ++i) place.add(day(i));
  CHECK(removed_from(place, 1, 1, true) == 1);
  CHECK(place.names() == std::vector{day(1), day(3)});
}

TEST_CASE("what is not ours, not whole, or another host's is left alone") {
  const Place place;
  place.add("other-2020-01-01-00:00:00");
  place.add("host-2020-01-01-00:00:00", "vmcore-incomplete");
  std::ofstream(place.add("host-2020-01-02-00:00:00") / "notes.txt") << "mine";
  fs::create_directory(place.add("host-2020-01-03-00:00:00") / "sub");
  fs::create_symlink("/etc/passwd", place.add("host-2020-01-04-00:00:00") / "kdump-init.log");
  fs::create_directory_symlink("/etc", place.path / "host-2020-01-05-00:00:00");
  fs::create_directory(place.path / "host-2020-01-06-00:00:00");
  std::ofstream(place.path / "host-2020-01-06-00:00:00" / "vmcore") << "of another program";
  fs::create_directory(place.path / "host-2020-01-07-00:00:00\n");
  std::ofstream(place.path / "host-2020-01-08-00:00:00") << "a file";
  place.add("host-2020-13-01-00:00:00");
  const auto before = place.names();
  place.add(day(1));
  place.add(day(2));
  CHECK(removed_from(place, 1, 2, true) == 1);
  auto after = place.names();
  std::erase(after, day(2));
  CHECK(after == before);
  CHECK(fs::exists("/etc/passwd"));
}

TEST_CASE(
    "whichever system call fails or is the last, the newest whole dump and the new one stay") {
  for (const bool is_whole : {false, true}) {
    for (const bool is_cut : {false, true}) {
      int nth = 1;
      for (; nth < 1000; ++nth) {
        FakeSys sys(is_cut ? FakeFaults{.cut_nth = nth}
                           : FakeFaults{.fail_nth = nth, .with = EIO, .for_ever = nth % 2 == 0});
        FakeFs& disk = sys.add_fs({});
        sys.add_mount("/dev/vda", "/crash", disk);
        for (int i = 1; i <= 4; ++i) {
          const bool is_new = i == 4 && !is_whole;
          sys.add_file("/crash/" + day(i) + (is_new ? "/vmcore-incomplete" : "/vmcore"), "dump");
          sys.add_file("/crash/" + day(i) + "/report.json", "{}");
        }
        LocalStoredFiles files(sys, "/crash");
        Silent observer;
        const auto removed = remove_oldest(
            sys, files, {.keep = 1, .host = "host", .current_dump = day(4), .is_whole = is_whole},
            observer);
        const bool fired = sys.fired();
        if (is_cut) {
          sys.power_cut(4711);
          sys.add_mount("/dev/vda", "/crash", disk);
        }
        CAPTURE(is_whole);
        CAPTURE(is_cut);
        CAPTURE(nth);
        CHECK(sys.contains("/crash/" + day(is_whole ? 4 : 3) + "/vmcore"));
        CHECK(sys.contains("/crash/" + day(4) + "/report.json"));
        CHECK(sys.open_files() == 0);
        if (fired) continue;
        CHECK((removed && removed->dumps == (is_whole ? 3 : 2)));
        break;
      }
      CHECK(nth > 20);
      CHECK(nth < 1000);
    }
  }
}

TEST_CASE("what takes too long is left for the next capture removes the rest") {
  FakeSys sys;
  sys.add_mount("/dev/vda", "/crash", sys.add_fs({}));
  for (int i = 1; i <= 4; ++i) {
    sys.add_file("/crash/" + day(i) + "/vmcore", "dump");
    sys.add_file("/crash/" + day(i) + "/report.json", "{}");
  }
  LocalStoredFiles files(sys, "/crash");
  struct Slow final : Observer {
    explicit Slow(Sys& sys) : sys_(sys) {}
    void waiting_for(const char*, uint32_t) override { sys_.sleep_ms(10'000); }
    void note(const char* what) override { noted = what; }
    Sys& sys_;
    std::string noted;
  } slow(sys);
  const auto removed = remove_oldest(
      sys, files, {.keep = 2, .host = "host", .current_dump = day(4), .step_s = 25}, slow);
  REQUIRE_MESSAGE(removed, reason(removed));
  CHECK(removed->dumps == 1);
  CHECK(!sys.contains("/crash/" + day(1) + "/vmcore"));
  CHECK(sys.contains("/crash/" + day(2) + "/vmcore"));
  CHECK(slow.noted.find("next capture removes the rest") != std::string::npos);
}

TEST_CASE("SFTP: the oldest dumps go there as well") {
  SshServer server;
  const fs::path top = server.directory() + "/crash";
  fs::create_directories(top);
  for (int i = 1; i <= 3; ++i) {
    fs::create_directory(top / day(i));
    for (const char* file : {"vmcore", "kdump-init.log"}) std::ofstream(top / day(i) / file) << "1";
  }
  const auto target = server.target();
  const auto files = target->stored_files();
  REQUIRE_MESSAGE(files, reason(files));
  Silent observer;
  const auto removed = remove_oldest(real_sys(), **files,
                                     {.keep = 2, .host = "host", .current_dump = day(3)}, observer);
  REQUIRE_MESSAGE(removed, reason(removed));
  CHECK(removed->dumps == 1);
  CHECK(!fs::exists(top / day(1)));
  CHECK(fs::exists(top / day(2) / "vmcore"));
  CHECK(target->finish());
}
