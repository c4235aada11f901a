// Crashed memory that cannot be read: pages that give an error, a vmcore that shrinks while it is
// read, segments that overlap, lie or end beyond the file. There is a dump all the same, it is
// sound, and what it lacks is counted in the report and shown.
#include <doctest/doctest.h>

#include <cerrno>

#include "filter/verify/dump_check.h"
#include "init/capture/job/dump_job.h"
#include "tests/fakes/fake_sys.h"
#include "tests/fixtures/figure.h"
#include "tests/init/tiny_core.h"

namespace kdump {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kPages = 256, kFreeBegin = 128;  // of the tiny core; from there on all is free

struct NoProgress final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

// A dump job of `core`, whose file a test may spoil beforehand or at any system call.
struct Run {
  explicit Run(const std::string& core) {
    sys.add_file("/proc/vmcore", core);
    sys.add_directory("/crash");
    sys.add_mount("/dev/vda", "/crash", sys.add_fs({}));
    vmcore = sys.find("/proc/vmcore").get();
    settings.compression.kind = Compression::Kind::none;
  }

  Board::Outcome job() {
    Console console({.board = board.get()});
    run_dump_job(sys, settings, "dir:/crash", {.network = *network}, *board, console);
    sys.before_each = nullptr;
    return board->outcome();
  }
  std::string file(const char* name) const { return sys.content(board->location() + "/" + name); }
  bool log_says(const std::string& text) const {
    return board->log_text().find(text) != std::string_view::npos;
  }
  // Of `"key": N` in report.json.
  long reported(const std::string& key) const {
    const std::string report = file("report.json");
    const size_t at = report.find("\"" + key + "\": ");
    return at == std::string::npos ? -1 : atol(report.c_str() + at + key.size() + 4);
  }
  void check_dump() {
    const auto dump = DumpFile::open(sys, board->location() + "/vmcore");
    REQUIRE(dump);
    NoProgress progress;
    const auto checked = check_dump_file(*dump, progress);
    REQUIRE(checked);
    CAPTURE(checked->damages.empty() ? "" : checked->damages[0]);
    CHECK(checked->is_sound());
  }

  FakeSys sys;
  FakeNode* vmcore;
  Settings settings;
  const std::unique_ptr<Network> network = existing_network();
  const std::unique_ptr<Board> board = std::make_unique<Board>();
};

std::string content_of(const TextCore& core) {
  std::ifstream in(core.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("whichever page of memory cannot be read, the others are saved and it is counted") {
  const auto core = make_tiny_core();
  int runs = 0, kept_more = 0;
  for (const int error : {EIO, EFAULT})
    for (uint64_t pfn = 0; pfn < kPages; pfn += error == EIO ? 1 : 8) {
      CAPTURE(error);
      CAPTURE(pfn);
      Run run(tiny_core());
      const uint64_t at = core->file_offset(pfn * kPageBytes);
      run.vmcore->bad.push_back({at, at + kPageBytes, error});
      const Board::Outcome outcome = run.job();
      ++runs;
      const bool all_is_kept = run.reported("free") == 0;
      kept_more += all_is_kept;
      const bool is_wanted = pfn < kFreeBegin || all_is_kept;
      CHECK(outcome == (is_wanted ? Board::Outcome::lacks_memory : Board::Outcome::saved));
      CHECK(run.reported("missing") == (is_wanted ? long{kPageBytes} : 0));
      CHECK(run.sys.contains(run.board->location() + "/vmcore"));
      CHECK(run.reported("unreadable") == is_wanted);
      CHECK(run.log_says("1 pages of the vmcore cannot be read") == is_wanted);
      run.check_dump();
    }
  print_figure(
      "%d dumps with one page of memory that gives EIO or EFAULT: all saved, the page counted; "
      "in %d of them it was a page that describes other pages, and all were kept",
      runs, kept_more);
}

TEST_CASE("notes and headers that cannot be read cost what they say, not the dump") {
  const auto core = make_tiny_core();
  Run run(tiny_core());
  const uint64_t notes = core->open()->info().file_offset();
  run.vmcore->bad.push_back({notes, notes + 1});
  CHECK(run.job() == Board::Outcome::saved);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("notes"));
  CHECK(run.log_says("every page is kept"));
  CHECK(run.reported("total") == kPages);
  CHECK(run.reported("unreadable") == 0);
  run.check_dump();
}

TEST_CASE(
    "a vmcore that shrinks at any moment gives a sound dump, or none, and says what is gone") {
  Run undisturbed(tiny_core());
  REQUIRE(undisturbed.job() == Board::Outcome::saved);
  const int calls = undisturbed.sys.calls();
  const uint64_t whole = tiny_core().size();
  int runs = 0, saved = 0, lacking = 0;
  // Every call while it is opened, then samples: most are reads of one page after the other.
  for (int nth = 1; nth <= calls; nth += nth < 40 ? 1 : 13)
    for (const uint64_t left : {whole / 2, uint64_t{4096}, uint64_t{0}}) {
      CAPTURE(nth);
      CAPTURE(left);
      Run run(tiny_core());
      run.sys.before_each = [&] {
        if (run.sys.calls() == nth) run.vmcore->content.truncate(left);
      };
      const Board::Outcome outcome = run.job();
      ++runs;
      CHECK(outcome != Board::Outcome::none);
      if (outcome != Board::Outcome::saved) CHECK(run.board->error().text[0] != '\0');
      if (!is_stored(outcome)) continue;
      ++saved;
      const bool lacks = run.reported("missing") > 0;
      CHECK(lacks == (outcome == Board::Outcome::lacks_memory));
      if (run.reported("unreadable") > 0) CHECK(lacks);
      lacking += lacks;
      run.check_dump();
    }
  print_figure(
      "%d times a vmcore shrank while it was read: %d dumps saved, %d of them lack memory "
      "that is counted; the others say that nothing is there",
      runs, saved, lacking);
}

TEST_CASE("segments that overlap, lie about their length or lie beyond the end are reported") {
  const TextCore core(
      "kernel x86_64-6.1\nnodename tiny\nCRASHTIME=1795231291\nram 0 1M\ndata 128K\n"
      "page 128 free order=7\nload 0x80000 0x10000 0x10000 0xffffffff81000000\n"
      "load 0x7f000 0x3000 0x3000 0xffffffff91000000\n");
  std::string content = content_of(core);
  // The last of three segments begins beyond the end of the file.
  constexpr size_t kOffsetOfOffset = 8, kHeaderBytes = 56;
  const uint64_t table = load<uint64_t>(reinterpret_cast<const uint8_t*>(content.data()) + 32);
  const uint64_t beyond = uint64_t{1} << 40;
  memcpy(content.data() + table + 3 * kHeaderBytes + kOffsetOfOffset, &beyond, sizeof beyond);
  Run run(content);
  // Other segments have the same memory: nothing of it is missing.
  CHECK(run.job() == Board::Outcome::saved);
  CHECK(run.reported("missing") == 0);
  CAPTURE(std::string(run.board->log_text()));
  CHECK(run.log_says("1 PT_LOAD segments are truncated"));
  CHECK(run.reported("total") == kPages);
  CHECK(run.reported("unreadable") == 0);
  run.check_dump();
}

}  // namespace kdump
