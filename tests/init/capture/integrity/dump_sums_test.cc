// The checksums inside a dump: each byte of a dump is flipped, in each form, and each flip is
// noticed. KDUMP_INIT_ALL=1 takes every byte, else one in some.
#include <doctest/doctest.h>
#include <elf.h>

#include <cstdlib>

#include "filter/dump_file/sums_format.h"
#include "filter/verify/dump_check.h"
#include "filter/verify/sums_check.h"
#include "init/capture/job/dump_job.h"
#include "tests/fakes/fake_sys.h"
#include "tests/init/tiny_core.h"

using namespace kdump;

namespace {

struct NoProgress final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

struct Form {
  const char* name;
  Format format;
  bool flatten;
  Compression compression;
};
constexpr Compression kNone{.kind = Compression::Kind::none},
    kZstd{.kind = Compression::Kind::zstd, .level = 3}, kFast{.kind = Compression::Kind::automatic};
constexpr Form kForms[] = {{"kdump", Format::kdump, false, kNone},
                           {"kdump, zstd", Format::kdump, false, kZstd},
                           {"kdump, auto", Format::kdump, false, kFast},
                           {"kdump, flattened", Format::kdump, true, kNone},
                           {"kdump, zstd, flattened", Format::kdump, true, kZstd},
                           {"ELF", Format::elf, false, kNone},
                           {"ELF, flattened", Format::elf, true, kNone}};

// A dump of kernel memory alone, some 100 KiB; room: of its file system.
std::string make_dump(const Form& form, uint64_t room = 1 << 30,
                      Board::Outcome expected = Board::Outcome::saved, uint32_t level = 31) {
  FakeSys sys;
  sys.add_file("/proc/vmcore", tiny_core());
  sys.add_directory("/crash");
  sys.add_mount("/dev/vda", "/crash", sys.add_fs({.free_bytes = room}));
  Settings settings;
  settings.format = form.format;
  settings.compression = form.compression;
  settings.levels = {level};
  const auto board = std::make_unique<Board>();
  Console console({.board = board.get()});
  const auto network = existing_network();
  run_dump_job(sys, settings, "dir:/crash", {.network = *network, .flatten = form.flatten}, *board,
               console);
  CAPTURE(std::string(board->log_text()));
  REQUIRE(board->outcome() == expected);
  return sys.content(board->location() +
                     (expected == Board::Outcome::saved ? "/vmcore" : "/vmcore-incomplete"));
}

// What the sums alone say.
DumpCheck::Sums sums_of(const Form& form, const std::string& content) {
  FakeSys sys;
  sys.add_file("/dump", content);
  const auto file = DumpFile::open(sys, "/dump");
  if (!file) return DumpCheck::Sums::differ;
  NoProgress progress;
  DumpCheck check;
  check.format = form.format == Format::elf ? DumpCheck::Format::elf : DumpCheck::Format::kdump;
  check_sums(*file, progress, check);
  return check.sums;
}

Result<DumpCheck> check(const std::string& content) {
  FakeSys sys;
  sys.add_file("/dump", content);
  const DumpFile file = TRY(DumpFile::open(sys, "/dump"));
  NoProgress progress;
  return check_dump_file(file, progress);
}

}  // namespace

TEST_CASE("every byte of a dump is covered: a flipped bit is noticed wherever it is") {
  const bool is_all = std::getenv("KDUMP_INIT_ALL") != nullptr;
  for (const Form& form : kForms) {
    CAPTURE(form.name);
    std::string dump = make_dump(form);
    CAPTURE(dump.size());
    REQUIRE(sums_of(form, dump) == DumpCheck::Sums::match);
    const size_t covered = dump.size();
    size_t unnoticed = 0, first = 0;
    const auto flip = [&](size_t at) {
      dump[at] = static_cast<char>(dump[at] ^ 1 << at % 8);
      // The signature: the file is no dump of that form any more, which verify says before.
      const auto sums = sums_of(form, dump);
      const bool is_noticed = sums == DumpCheck::Sums::differ || (at < 16 && !check(dump));
      if (!is_noticed && unnoticed++ == 0) first = at;
      dump[at] = static_cast<char>(dump[at] ^ 1 << at % 8);
    };
    for (size_t at = 0; at < covered; at += is_all ? 1 : 997) flip(at);
    // What is small and matters: the header, the announcements, the trailer, the stream's end.
    for (size_t at = 0; at < 480; at += is_all ? 1 : 7) flip(at);
    for (size_t at = 990; at < 1030; ++at) flip(at);
    for (size_t at = 4080; at < 4140; at += is_all ? 1 : 3) flip(at);
    for (size_t at = covered - 400; at < covered; at += is_all ? 1 : 5) flip(at);
    CAPTURE(first);
    CHECK(unnoticed == 0);
  }
}

TEST_CASE("a dump that was cut off where the room ended has its checksums too") {
  for (const Form& form : {kForms[0], kForms[1], kForms[5]}) {
    CAPTURE(form.name);
    const std::string dump =
        make_dump(form, (1 << 20) + (300 << 10), Board::Outcome::incomplete, 0);
    const auto checked = check(dump);
    REQUIRE(checked);
    CHECK(checked->is_incomplete);
    CAPTURE(checked->damages.empty() ? "" : checked->damages[0]);
    CHECK(checked->is_sound());
    CHECK(checked->sums == DumpCheck::Sums::match);
  }
}

TEST_CASE("damage is reported by its place and by the pages that it may concern") {
  std::string dump = make_dump(kForms[0]);
  dump[dump.size() - 3 * 4096] ^= 1;
  const auto checked = check(dump);
  REQUIRE(checked);
  CHECK(checked->sums == DumpCheck::Sums::differ);
  REQUIRE(checked->bad_ranges.size() == 1);
  CHECK(checked->bad_ranges[0].begin == 0);
  CHECK(checked->suspect_pages > 0);
  CHECK(checked->suspect_pages <= checked->pages);
}

TEST_CASE("a dump without checksums has none, one with a damaged announcement is damaged") {
  std::string dump = make_dump(kForms[1]);
  std::string without = dump;
  memset(without.data() + sums_format::kAnnouncementOffset, 0, sizeof(sums_format::Announcement));
  CHECK(sums_of(kForms[1], without) == DumpCheck::Sums::none);
  dump[sums_format::kAnnouncementOffset + 16] ^= 1;
  CHECK(sums_of(kForms[1], dump) == DumpCheck::Sums::differ);

  // A copy of /proc/vmcore.
  CHECK(sums_of(kForms[5], tiny_core()) == DumpCheck::Sums::none);
}
