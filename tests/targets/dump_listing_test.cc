// Listing earlier dumps on a target with hostile contents.
#include "targets/dump_listing.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "targets/directory/local_stored_files.h"
#include "tests/fixtures/reason.h"
#include "tests/targets/ssh/ssh_server.h"
#include "tests/targets/target_scene.h"

using namespace kdump;
namespace fs = std::filesystem;

namespace {

constexpr char kFirst[] = "host-2026-11-21-03:21:29";

Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Result<> save(Target& target, const char* crash, bool is_whole) {
  TRY(target.preflight());
  TRY(target.begin(crash));
  for (const std::string name : {"vmcore-dmesg.txt", "vmcore", "report.json"}) {
    const auto file = TRY(target.create(name.c_str(), 5));
    TRY(file->write_at(0, as_bytes("12345")));
    TRY(name == "vmcore" && !is_whole ? file->keep_incomplete() : file->commit());
  }
  return target.finish();
}

void check_contents(StoredFiles& files, const StoredDump& dump, bool is_complete) {
  const auto contents = read_dump_contents(files, dump);
  REQUIRE_MESSAGE(contents, reason(contents));
  CHECK(contents->is_complete == is_complete);
  CHECK(contents->is_incomplete == !is_complete);
  CHECK(contents->is_ours);
  CHECK(!contents->has_other_things);
  CHECK(contents->bytes == 15);
  CHECK(contents->find("report.json"));
  CHECK(files.read(dump.name + "/report.json", 3, 100).value_or("") == "45");
  CHECK(!files.read(dump.name + "/nothing", 0, 100));
}

// A directory of this machine.
class Place {
 public:
  Place() {
    char name[] = "/tmp/kdump-init-listing-XXXXXX";
    REQUIRE(mkdtemp(name));
    path = name;
  }
  ~Place() { fs::remove_all(path); }
  fs::path path;
};

}  // namespace

TEST_CASE("the names of crashes, and names that are none") {
  const auto dump = parse_dump_name("web-1.example-2026-11-21-03:21:29.12");
  REQUIRE(dump);
  CHECK(dump->host == "web-1.example");
  CHECK(dump->crash_time_s == 1795231289);
  CHECK(dump->number == 12);
  CHECK(parse_dump_name("h-2026-11-21-03-21-29")->crash_time_s == 1795231289);
  CHECK(parse_dump_name("127.0.0.1-2026-11-21-03:21:29")->host == "127.0.0.1");
  CHECK(parse_dump_name("h-1970-01-01-00:00:00")->crash_time_s == 0);
  for (const char* name :
       {"", "-2026-11-21-03:21:29", "2026-11-21-03:21:29", "h-2026-13-21-03:21:29",
        "h-2026-02-30-03:21:29", "h-2026-11-21-24:21:29", "h-2026-11-21-03:21:29.",
        "h-2026-11-21-03:21:29.0", "h-2026-11-21-03:21:29.01", "h-2026-11-21-03:21:29.1000",
        "h-2026-11-21-03:21:29.-1", "h-2026-11-21-03:21:29 ", "h\n-2026-11-21-03:21:29",
        "\x1b[2J-2026-11-21-03:21:29", "../h-2026-11-21-03:21:29", ".h-2026-11-21-03:21:29",
        "h-2026-11-21-03:21:29.99999999999999999999", "h-+026-11-21-03:21:29"}) {
    CAPTURE(name);
    CHECK(!parse_dump_name(name));
  }
  CHECK(!parse_dump_name(std::string(250, 'h') + "-2026-11-21-03:21:29"));
}

TEST_CASE("saved dumps are listed, newest first, and incomplete ones are marked") {
  for (const char* which : {"dir", "fs", "raw", "nfs"}) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    const bool holds_one = which == std::string("raw");
    const auto target = scene->target();
    {
      const auto files = target->stored_files();
      REQUIRE(files);
      CHECK(list_dumps(**files)->dumps.empty());
      CHECK(target->finish());
    }
    if (!holds_one) REQUIRE(save(*target, "host-2025-01-01-00:00:00", false));
    if (!holds_one) REQUIRE(save(*target, kFirst, false));
    REQUIRE(save(*target, kFirst, true));
    const auto files = target->stored_files();
    REQUIRE_MESSAGE(files, reason(files));
    const auto listing = list_dumps(**files);
    REQUIRE_MESSAGE(listing, reason(listing));
    CHECK(!listing->has_more);
    REQUIRE(listing->dumps.size() == (holds_one ? 1 : 3));
    check_contents(**files, listing->dumps[0], true);
    if (!holds_one) {
      CHECK(listing->dumps[0].name == std::string(kFirst) + ".1");
      CHECK(listing->dumps[1].name == kFirst);
      CHECK(listing->dumps[2].name == "host-2025-01-01-00:00:00");
      check_contents(**files, listing->dumps[1], false);
    }
    CHECK(target->finish());
    CHECK(scene->sys.open_files() == (holds_one ? 1 : 0));
  }
}

TEST_CASE("whichever call fails, a listing fails or is right") {
  for (int nth = 1;; ++nth) {
    CAPTURE(nth);
    REQUIRE(nth < 1000);
    const auto scene = make_scene("fs", {.fail_nth = nth});
    const auto target = scene->target();
    const auto files = target->stored_files();
    if (files)
      if (const auto listing = list_dumps(**files)) CHECK(listing->dumps.empty());
    if (!scene->sys.fired()) break;
  }
}

TEST_CASE("links are not followed, pipes do not block, and foreign files are reported") {
  const Place place;
  const fs::path crash = place.path / kFirst;
  fs::create_directory(crash);
  std::ofstream(crash / "vmcore") << "core";
  fs::create_directory_symlink("/etc", place.path / "host-2026-11-21-03:21:30");
  fs::create_directory(place.path / "host-2026-11-21-03:21:31");
  fs::create_symlink("/etc/passwd", place.path / "host-2026-11-21-03:21:31" / "report.json");
  REQUIRE(mkfifo((place.path / "host-2026-11-21-03:21:31" / "vmcore").c_str(), 0600) == 0);
  fs::create_directory(place.path / "a\n\x1b[2J-2026-11-21-03:21:31");

  LocalStoredFiles files(real_sys(), place.path);
  const auto listing = list_dumps(files);
  REQUIRE(listing);
  REQUIRE(listing->dumps.size() == 3);
  const auto strange = read_dump_contents(files, listing->dumps[0]);
  REQUIRE(strange);
  CHECK(!strange->is_complete);
  CHECK(!strange->is_ours);
  CHECK(strange->has_other_things);
  CHECK(strange->entries.empty());
  CHECK(!files.read(listing->dumps[0].name + "/report.json", 0, 100));
  CHECK(!files.read(listing->dumps[0].name + "/vmcore", 0, 100));
  CHECK(!read_dump_contents(files, listing->dumps[1]));
  const auto sound = read_dump_contents(files, listing->dumps[2]);
  REQUIRE(sound);
  CHECK(sound->is_complete);
  CHECK(!sound->is_ours);
  CHECK(!sound->has_other_things);

  for (int i = 0; i < 100; ++i) std::ofstream(crash / std::to_string(i));
  CHECK(read_dump_contents(files, listing->dumps[2])->entries.size() <= kMaxDumpFiles);
  CHECK(read_dump_contents(files, listing->dumps[2])->has_other_things);
}

TEST_CASE("SFTP: a server's directory is listed and read, links in it are not followed") {
  SshServer server;
  const auto target = server.target();
  {
    const auto files = target->stored_files();
    REQUIRE_MESSAGE(files, reason(files));
    CHECK(list_dumps(**files)->dumps.empty());
    CHECK(target->finish());
  }
  REQUIRE(save(*target, "host-2025-01-01-00:00:00", false));
  REQUIRE(save(*target, kFirst, true));
  const fs::path top = server.directory() + "/crash";
  for (int i = 0; i < 300; ++i) std::ofstream(top / ("file-" + std::to_string(i)));
  fs::create_directory_symlink("/etc", top / "host-2026-11-21-03:21:30");
  const auto files = target->stored_files();
  REQUIRE_MESSAGE(files, reason(files));
  const auto listing = list_dumps(**files);
  REQUIRE_MESSAGE(listing, reason(listing));
  REQUIRE(listing->dumps.size() == 3);
  CHECK(!read_dump_contents(**files, listing->dumps[0]));
  check_contents(**files, listing->dumps[1], true);
  check_contents(**files, listing->dumps[2], false);
  CHECK((*files)
            ->names(
                "", [](std::string_view) { return true; }, 1000)
            ->names.size() == 303);
  CHECK((*files)
            ->names(
                "", [](std::string_view) { return true; }, 10)
            ->has_more);
  CHECK(target->finish());
}

TEST_CASE("SFTP: a server without it has no listing") {
  SshServer server(SshServer::kDropbear);
  const auto target = server.target();
  const auto files = target->stored_files();
  REQUIRE(!files);
  CHECK(files.error().kind == Kind::unsupported);
}
