// What every target promises, run over each of them.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "filter/base/text.h"
#include "tests/fixtures/reason.h"
#include "tests/targets/target_scene.h"

using namespace kdump;

namespace {

constexpr char kCrash[] = "host-2026-11-21-03:21:29";

Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// What the engine writes in: out of order, over again, with a gap that must read as zeros.
std::string whole_dump() {
  std::string dump(20'000, '\0');
  std::fill(dump.begin(), dump.begin() + 600, 'H');
  std::fill(dump.begin() + 3000, dump.begin() + 5000, 'B');
  std::fill(dump.begin() + 9000, dump.end(), 'D');
  return dump;
}

Result<> write_dump(Sink& sink) {
  const std::string dump = whole_dump();
  const auto piece = [&](size_t from, size_t to) {
    return sink.write_at(from, as_bytes(dump.substr(from, to - from)));
  };
  TRY(sink.write_at(0, as_bytes(std::string(600, 'h'))));
  TRY(piece(9000, 15'000));
  TRY(piece(3000, 5000));
  TRY(piece(15'000, dump.size()));
  return piece(0, 600);
}

Result<> save_file(Target& target, const char* name, const std::string& content) {
  const auto file = TRY(target.create(name, content.size()));
  TRY(file->write_at(0, as_bytes(content)));
  return file->commit();
}

Result<> save_crash(Target& target) {
  TRY(target.preflight());
  TRY(target.begin(kCrash));
  TRY(save_file(target, "vmcore-dmesg.txt", "panic"));
  {
    const auto file = TRY(target.create("vmcore", 0));
    TRY(write_dump(*file));
    TRY(file->commit());
  }
  return save_file(target, "report.json", "{}");
}

Result<> run(TargetScene& scene) {
  const auto target = scene.target();
  REQUIRE(target);
  const Result<> saved = save_crash(*target);
  const Result<> finished = target->finish();
  return saved ? finished : saved;
}

// Of all that lies below: its path, type and mode, one a line.
void list_modes(const FakeNode& directory, const std::string& path, std::string& out) {
  for (const auto& [name, node] : directory.entries.now()) {
    const bool is_directory = node->type == FakeNode::Type::directory;
    out += path + name + (is_directory ? "/ " : " ") + text("%04o\n", node->mode & 07777);
    if (is_directory) list_modes(*node, path + name + "/", out);
  }
}

void check_whole_or_absent(TargetScene& scene) {
  const auto vmcore = scene.saved(kCrash, "vmcore");
  if (vmcore) CHECK((*vmcore == whole_dump()));
  const auto dmesg = scene.saved(kCrash, "vmcore-dmesg.txt");
  if (dmesg) CHECK(*dmesg == "panic");
}

constexpr const char* kScenes[] = {"dir", "fs", "raw", "nfs"};
constexpr int kMaxCalls = 10'000;

}  // namespace

TEST_CASE("a crash is saved: what was written, in order or not, with zeros between") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const auto scene = make_scene(which, {.short_io_bytes = 700});
    const auto done = run(*scene);
    CHECK_MESSAGE(done, reason(done));
    CHECK((scene->saved(kCrash, "vmcore") == whole_dump()));
    CHECK(scene->saved(kCrash, "vmcore-dmesg.txt") == "panic");
    CHECK(scene->saved(kCrash, "report.json") == "{}");
    CHECK(scene->sys.open_files() == 0);
  }
}

TEST_CASE("created files are readable by their owner only, and existing ones do not change") {
  for (const char* which : {"dir", "fs", "nfs"}) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    const std::string parent = which == std::string("dir") ? "" : "var/crash/";
    std::string expected;
    if (!parent.empty()) {
      const auto open_to_all = std::make_shared<FakeNode>();
      open_to_all->type = FakeNode::Type::directory;
      open_to_all->mode = 01777;
      open_to_all->fs = scene->store;
      scene->store->root->entries.add("var", open_to_all);
      // A directory on the way holds names of dumps alone; the umask of PID 1 makes it 0700 too.
      expected = "var/ 1777\nvar/crash/ 0755\n";
    }
    const auto done = run(*scene);
    CHECK_MESSAGE(done, reason(done));
    const std::string crash = parent + kCrash + "/";
    expected += crash + " 0700\n";
    for (const char* const file : {"report.json", "vmcore", "vmcore-dmesg.txt"})
      expected += crash + file + " 0600\n";
    std::string found;
    list_modes(*scene->store->root, "", found);
    CHECK(found == expected);
  }
}

TEST_CASE("preflight says the space, can be repeated, and leaves nothing behind") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    const std::string before = scene->sys.content("/dev/vda");
    const auto target = scene->target();
    REQUIRE(target);
    const auto first = target->preflight(), second = target->preflight();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->free_bytes == second->free_bytes);
    CHECK(*first->free_bytes > 0);
    CHECK(target->finish());
    CHECK((scene->sys.content("/dev/vda") == before));
    CHECK(scene->sys.open_files() == 0);
    CHECK(target->preflight());  // after finish() too
  }
}

TEST_CASE(
    "whichever system call fails, once or from then on, a file called vmcore is whole or absent") {
  for (const char* which : kScenes)
    for (const int error : {EIO, ENOSPC, EINTR})
      for (const bool for_ever : {false, true}) {
        if (error == EINTR && for_ever) continue;  // no kernel does that
        CAPTURE(which);
        CAPTURE(error);
        CAPTURE(for_ever);
        int nth = 1;
        for (; nth < kMaxCalls; ++nth) {
          CAPTURE(nth);
          const auto scene =
              make_scene(which, {.fail_nth = nth, .with = error, .for_ever = for_ever});
          const Result<> done = run(*scene);
          check_whole_or_absent(*scene);
          if (done) CHECK(scene->saved(kCrash, "vmcore").has_value());
          if (!done) CHECK(done.error().text[0] != '\0');
          if (!scene->sys.fired()) break;
        }
        CHECK(nth < kMaxCalls);
        CHECK(nth > 20);
      }
}

TEST_CASE("whenever the power fails, a file called vmcore is whole or absent") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    int nth = 1;
    for (; nth < kMaxCalls; ++nth) {
      CAPTURE(nth);
      bool fired = false;
      for (uint64_t seed = 0; seed < 12; ++seed) {
        CAPTURE(seed);
        const auto scene = make_scene(which, {.cut_nth = nth});
        // No trial of the version before: nothing of a crash is written there yet.
        if (which == std::string("nfs")) scene->url += "&vers=4.2";
        const Result<> done = run(*scene);
        fired = scene->sys.fired();
        scene->sys.power_cut(seed == 1 ? UINT64_MAX : seed);
        check_whole_or_absent(*scene);
        if (done) CHECK(scene->saved(kCrash, "vmcore").has_value());
      }
      if (!fired) break;
    }
    CHECK(nth < kMaxCalls);
  }
}

TEST_CASE("what is committed survives a power cut that comes right after") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    {
      const auto target = scene->target();
      REQUIRE(save_crash(*target));
      scene->sys.power_cut(0);
    }
    CHECK((scene->saved(kCrash, "vmcore") == whole_dump()));
    CHECK(scene->saved(kCrash, "report.json") == "{}");
  }
}

TEST_CASE("a partial dump is kept, and never under the name of a whole one") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    const auto target = scene->target();
    REQUIRE(target->preflight());
    REQUIRE(target->begin(kCrash));
    {
      const auto file = target->create("vmcore", 0);
      REQUIRE(file);
      REQUIRE(write_dump(**file));
      REQUIRE((*file)->keep_incomplete());
    }
    CHECK(save_file(*target, "report.json", "{}"));
    CHECK(target->finish());
    CHECK(!scene->saved(kCrash, "vmcore"));
    CHECK(scene->saved(kCrash, "report.json") == "{}");
    if (which != std::string("raw"))
      CHECK(scene->saved(kCrash, "vmcore-incomplete") == whole_dump());
  }
}

TEST_CASE("a whole dump that is taken back is a partial one, also after a power cut") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    const auto target = scene->target();
    REQUIRE(target->preflight());
    REQUIRE(target->begin(kCrash));
    {
      const auto file = target->create("vmcore", 0);
      REQUIRE(file);
      REQUIRE(write_dump(**file));
      REQUIRE((*file)->commit());
      const Result<> demoted = (*file)->demote();
      REQUIRE_MESSAGE(demoted, reason(demoted));
    }
    CHECK(save_file(*target, "report.json", "{}"));
    scene->sys.power_cut(0);
    CHECK(!scene->saved(kCrash, "vmcore"));
    CHECK(scene->saved(kCrash, "report.json") == "{}");
    if (which != std::string("raw"))
      CHECK(scene->saved(kCrash, "vmcore-incomplete") == whole_dump());
  }
}

TEST_CASE("what a trial wrote is read back, and taken back with all that was made for it") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    const auto target = scene->target();
    REQUIRE(target);
    const bool is_raw = which == std::string("raw");
    CHECK(target->can_discard() != is_raw);
    CHECK(target->can_remove_files() != is_raw);
    CHECK(target->keeps_earlier_crashes() != is_raw);
    REQUIRE(target->preflight());
    REQUIRE(target->begin(kCrash));
    {
      const auto file = target->create("vmcore", 0);
      REQUIRE(file);
      REQUIRE(write_dump(**file));
      REQUIRE((*file)->commit());
      std::string read(whole_dump().size(), '?');
      REQUIRE((*file)->read_back(0, {reinterpret_cast<uint8_t*>(read.data()), read.size()}));
      CHECK((read == whole_dump()));
      CHECK(!(*file)->read_back(1, {reinterpret_cast<uint8_t*>(read.data()), read.size()}));
      const auto other = target->create("vmcore-dmesg.txt", 0);  // never committed
      REQUIRE(other);
    }
    CHECK(target->discard().has_value() == target->can_discard());
    if (target->can_discard()) CHECK(!scene->saved(kCrash, "vmcore"));
    if (which == std::string("fs")) CHECK(!scene->sys.contains("/mnt/vda/var"));
    if (which == std::string("dir")) CHECK(!scene->sys.contains(std::string("/crash/") + kCrash));
    CHECK(target->finish());
  }
}

TEST_CASE("taking back leaves what others have put there") {
  const auto scene = make_scene("fs");
  const auto target = scene->target();
  REQUIRE(target->preflight());
  REQUIRE(target->begin(kCrash));
  scene->sys.mkdir("/mnt/vda/var/another", 0700);
  CHECK(target->discard());
  CHECK(scene->sys.contains("/mnt/vda/var/another"));
  CHECK(!scene->sys.contains("/mnt/vda/var/crash"));
}

TEST_CASE("a full disk is no_space, and what was written before is kept") {
  for (const char* which : {"dir", "fs", "nfs"}) {
    const auto scene = make_scene(which);
    const auto target = scene->target();
    REQUIRE(target->preflight());
    REQUIRE(target->begin(kCrash));
    const std::string root = std::string(which) == "dir"  ? "/crash"
                             : std::string(which) == "fs" ? "/mnt/vda"
                                                          : "/mnt/nfs4-1";
    scene->sys.find(root)->fs->free_bytes = 5000;
    const auto file = target->create("vmcore", 0);
    REQUIRE(file);
    REQUIRE((*file)->write_at(0, as_bytes(std::string(4000, 'x'))));
    const auto full = (*file)->write_at(4000, as_bytes(std::string(4000, 'y')));
    REQUIRE(!full);
    CHECK(full.error().kind == Kind::no_space);
    CHECK((*file)->write_at(0, as_bytes("header")));  // below the highest offset reached
    CHECK((*file)->commit());
    CHECK(scene->saved(kCrash, "vmcore")->size() == 4000);
  }
}

TEST_CASE("the same file is not created twice, nor any before begin") {
  for (const char* which : kScenes) {
    CAPTURE(which);
    const auto scene = make_scene(which);
    const auto target = scene->target();
    REQUIRE(target->preflight());
    CHECK(!target->create("vmcore", 0));
    REQUIRE(target->begin(kCrash));
    CHECK(save_file(*target, "report.json", "{}"));
    const auto again = target->create("report.json", 0);
    REQUIRE(!again);
    CHECK(again.error().kind == Kind::refused);
  }
}

TEST_CASE("what writing does not need may be withheld: space, syncing a directory, what exists") {
  for (const char* which : {"dir", "fs", "nfs"}) {
    CAPTURE(which);
    int failures = 0, nth = 1;
    for (; nth < kMaxCalls; ++nth) {
      CAPTURE(nth);
      const auto scene = make_scene(which, {.fail_nth = nth, .with = EACCES});
      // The second time every directory but the crash's is there.
      auto done = run(*scene);
      const bool is_second = !scene->sys.fired();
      if (is_second) done = run(*scene);
      if (!scene->sys.fired()) break;
      if (done) continue;
      ++failures;
      const std::string why = reason(done);
      CAPTURE(why);
      CHECK(why.find("statfs") == why.npos);
      const bool is_of_file = why.find("-incomplete: ") != why.npos;
      const bool is_of_all = why.find("the file system") != why.npos;
      if (why.starts_with("sync")) CHECK((is_of_file || is_of_all));
      if (is_second) CHECK(!why.starts_with("make directory /mnt/nfs4-1/var:"));
      if (is_second) CHECK(!why.starts_with("make directory /mnt/nfs4-1/var/crash:"));
    }
    CHECK(nth < kMaxCalls);
    CHECK(failures > 0);
  }
}

TEST_CASE("a directory that may be written to, and not read, takes a dump on the real kernel") {
  char directory[] = "/tmp/kdump-targets.XXXXXX";
  REQUIRE(mkdtemp(directory));
  const std::string at = std::string(directory) + "/drop";
  REQUIRE(::mkdir(at.c_str(), 0700) == 0);
  REQUIRE(::chmod(directory, 0755) == 0);
  REQUIRE(::chmod(at.c_str(), 0333) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::getuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    SilentObserver observer;
    NoNetwork network;
    const auto target = make_target(
        "dir:" + at, {.sys = real_sys(), .limits = {}, .observer = observer, .network = network});
    const auto done = save_crash(**target);
    if (!done) fprintf(stderr, "%s\n", done.error().text);
    ::_exit(done ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  ::chmod(at.c_str(), 0700);
  CHECK(std::filesystem::exists(at + "/" + kCrash + "/vmcore"));
  std::filesystem::remove_all(directory);
}

TEST_CASE("the contract holds on the real kernel") {
  char directory[] = "/tmp/kdump-targets.XXXXXX";
  REQUIRE(mkdtemp(directory));
  const std::string at = directory;
  SilentObserver observer;
  NoNetwork network;
  const auto target = make_target(
      "dir:" + at, {.sys = real_sys(), .limits = {}, .observer = observer, .network = network});
  REQUIRE(target);
  const auto done = save_crash(**target);
  CHECK_MESSAGE(done, reason(done));
  CHECK((*target)->location() == at + "/" + kCrash);
  std::ifstream file((*target)->location() + "/vmcore", std::ios::binary);
  CHECK((std::string(std::istreambuf_iterator<char>(file), {}) == whole_dump()));
  CHECK((*target)->finish());
  const auto second = make_target(
      "dir:" + at, {.sys = real_sys(), .limits = {}, .observer = observer, .network = network});
  REQUIRE(save_crash(**second));
  CHECK((*second)->location() == at + "/" + kCrash + ".1");
  CHECK(!std::filesystem::exists((*second)->location() + "/vmcore-incomplete"));
  std::filesystem::remove_all(at);
}
