// The kdump-compressed writer: what it writes is read back by an independent reader.
#include <doctest/doctest.h>

#include <set>

#include "tests/filter/dump/dump_fakes.h"
#include "tests/filter/dump/dump_kdump_reader.h"

using namespace kdump;
using namespace kdump::dump_test;

namespace {

// Every kind of page in runs of every short length, in two windows, the second not full.
Look mixed(uint64_t pfn) {
  if (pfn >= 1500 && pfn < kWindowPages - 50) return Look::hole;
  const uint64_t group = mix(pfn / 7) % 16;
  if (group < 2) return Look::hole;
  if (group < 5) return Look::excluded;
  if (group < 8) return Look::zero;
  if (group < 13) return Look::text;
  if (group < 15) return Look::noise;
  return pfn % 7 == 3 ? Look::unreadable : Look::text;
}

FakeMemory mixed_memory() { return {kWindowPages + 601, mixed}; }

// Which level `automatic` chooses depends on the time.
constexpr Compression kFixed = {.kind = Compression::Kind::zstd};

struct Written {
  DumpResult result;
  std::vector<uint8_t> file;
};

Written write(FakeMemory& memory, const DumpOptions& options) {
  const Notes notes;
  MemorySink sink;
  NoProgress progress;
  const auto result = write_dump(memory, make_header(notes), options, sink, progress);
  if (!result) FAIL(result.error().text);
  CHECK(progress.last_done <= progress.last_total);
  return {*result, std::move(sink.file)};
}

// Every page of the file is right, and, if `whole`, every kept page is there.
void check_pages(const KdumpFile& dump, const FakeMemory& memory, bool whole) {
  for (const auto& [pfn, bytes] : dump.pages) {
    const Look look = memory.look(pfn);
    if (is_kept(look) && look != Look::unreadable && bytes == memory.content(pfn)) continue;
    CAPTURE(pfn);
    FAIL("a wrong page");
  }
  if (!whole) return;
  uint64_t expected = 0;
  bool ram_is_right = true;
  for (uint64_t pfn = 0; pfn < memory.end; ++pfn) {
    const Look look = memory.look(pfn);
    ram_is_right = ram_is_right && dump.ram[pfn] == (look != Look::hole);
    expected += is_kept(look) && look != Look::unreadable;
  }
  CHECK(ram_is_right);
  CHECK(dump.pages.size() == expected);
}

}  // namespace

TEST_CASE("every kept page reads back, compressed or not, and nothing else") {
  for (const auto kind :
       {Compression::Kind::automatic, Compression::Kind::zstd, Compression::Kind::none}) {
    FakeMemory memory = mixed_memory();
    const auto [result, file] = write(memory, {.compression = {.kind = kind, .level = -3},
                                               .expected_pages = memory.kept_pages()});
    const KdumpFile dump = read_kdump(file);
    CHECK(result.complete);
    CHECK_FALSE(dump.incomplete);
    check_pages(dump, memory, true);
    CHECK(dump.pages.size() == result.pages_written + result.pages_zero);
    CHECK(dump.written_blocks == dump.pages.size());
    CHECK(result.pages_unreadable + dump.pages.size() == memory.kept_pages());
    CHECK(result.pages_dropped == 0);
    CHECK(result.end_offset == file.size());
  }
}

TEST_CASE("the headers say what readers look for") {
  FakeMemory memory = mixed_memory();
  const KdumpFile dump = read_kdump(write(memory, {}).file);
  CHECK(dump.release == "6.1.0-test");
  CHECK(dump.machine == "x86_64");
  CHECK(dump.status == 0x20);
  CHECK(dump.notes == Notes().bytes);
  CHECK(dump.vmcoreinfo == "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n");
  CHECK(dump.max_mapnr == memory.end);
}

TEST_CASE("vmcoreinfo that is no part of the notes is left out rather than misplaced") {
  FakeMemory memory(8, [](uint64_t) { return Look::text; });
  const Notes notes;
  const std::vector<uint8_t> elsewhere(10);
  DumpHeader header = make_header(notes);
  header.vmcoreinfo = elsewhere;
  MemorySink sink;
  NoProgress progress;
  REQUIRE(write_dump(memory, header, {}, sink, progress));
  CHECK(read_kdump(sink.file).vmcoreinfo.empty());
}

TEST_CASE("all pages of zeros share one stored page") {
  FakeMemory memory = mixed_memory();
  const auto [result, file] = write(memory, {});
  const KdumpFile dump = read_kdump(file);
  uint64_t shared = 0;
  for (const auto& [pfn, offset] : dump.offsets) {
    if (memory.look(pfn) != Look::zero) continue;
    if (shared == 0) shared = offset;
    CHECK(offset == shared);
  }
  CHECK(result.pages_zero > 100);
}

TEST_CASE("pages that are the same in every byte share what is stored, and no others do") {
  // Runs of one page, pages that differ from the one before in a single byte, and others between.
  FakeMemory memory(3000, [](uint64_t pfn) { return pfn % 5 == 4 ? Look::noise : Look::text; });
  memory.same_as = [](uint64_t pfn) { return pfn % 5 < 4 ? pfn / 500 * 500 : pfn; };
  memory.odd_byte = [](uint64_t pfn) { return pfn % 50 == 7 ? pfn / 50 : UINT64_MAX; };
  for (const auto kind : {Compression::Kind::zstd, Compression::Kind::none})
    for (const int level : {0, 1, 3}) {
      const DumpOptions options{.compression = {.kind = kind, .level = level}};
      const auto [result, file] = write(memory, options);
      const KdumpFile dump = read_kdump(file);
      check_pages(dump, memory, true);
      std::map<uint64_t, std::vector<uint8_t>> content_at;
      std::map<std::vector<uint8_t>, std::set<uint64_t>> places;
      for (const auto& [pfn, offset] : dump.offsets) {
        const auto& page = dump.pages.at(pfn);
        CHECK(content_at.emplace(offset, page).first->second == page);
        places[page].insert(offset);
      }
      // 6 contents that are there again and again, 60 and 600 that are there once.
      CHECK(places.size() == 6 + 60 + 600);
      CHECK(content_at.size() < places.size() + 100);
      CHECK(result.pages_written == 3000);
      for (const uint32_t threads : {2u, 5u}) {
        DumpOptions more = options;
        more.threads = threads;
        CHECK(write(memory, more).file == file);
      }
    }
}

TEST_CASE("any number of threads and any amount of memory give a dump with the same pages") {
  FakeMemory memory = mixed_memory();
  for (const uint64_t memory_bytes : {256u << 10, 1u << 20, 4u << 20}) {
    const Written one = write(memory, {.compression = kFixed, .memory_bytes = memory_bytes});
    check_pages(read_kdump(one.file), memory, true);
    for (const uint32_t threads : {2u, 3u, 8u}) {
      CAPTURE(threads);
      const DumpOptions options = {
          .compression = kFixed, .threads = threads, .memory_bytes = memory_bytes};
      CHECK(write(memory, options).file == one.file);
    }
  }
}

TEST_CASE("64 KiB pages work as well") {
  FakeMemory memory(500, mixed);
  memory.bytes_per_page = 65536;
  const auto [result, file] = write(memory, {.threads = 2, .memory_bytes = 256 << 10});
  check_pages(read_kdump(file), memory, true);
}

TEST_CASE("a machine without a single page to keep still gives a file that opens") {
  FakeMemory memory(kWindowPages * 2, [](uint64_t) { return Look::excluded; });
  const auto [result, file] = write(memory, {.expected_pages = 1});
  const KdumpFile dump = read_kdump(file);
  CHECK(dump.pages.empty());
  CHECK_FALSE(dump.incomplete);
}

TEST_CASE("apart from the header no byte is written twice") {
  FakeMemory memory = mixed_memory();
  const Notes notes;
  for (const uint64_t memory_bytes : {256u << 10, 4u << 20}) {
    MemorySink sink;
    NoProgress progress;
    REQUIRE(write_dump(memory, make_header(notes), {.memory_bytes = memory_bytes}, sink, progress));
    std::sort(sink.ranges.begin(), sink.ranges.end());
    REQUIRE(sink.ranges[0] == sink.ranges[1]);  // the header, provisional and final
    for (size_t i = 2; i < sink.ranges.size(); ++i)
      CHECK(sink.ranges[i].first >= sink.ranges[i - 1].second);
  }
}

TEST_CASE("writes are few: none a page") {
  FakeMemory memory(40'000, [](uint64_t) { return Look::noise; });
  const Notes notes;
  MemorySink sink;
  NoProgress progress;
  REQUIRE(write_dump(memory, make_header(notes), {}, sink, progress));
  CHECK(sink.writes < 190);  // 157 MiB in pieces of 1 MiB, and a few
}

TEST_CASE("pages beyond the reserved descriptors are dropped and counted") {
  FakeMemory memory(5000, [](uint64_t) { return Look::text; });
  const auto [result, file] = write(memory, {.expected_pages = 100});
  const KdumpFile dump = read_kdump(file);
  CHECK_FALSE(result.complete);
  CHECK(dump.incomplete);
  check_pages(dump, memory, false);
  CHECK(dump.pages.size() >= 1124);
  CHECK(dump.pages.size() + result.pages_dropped == 5000);
}

TEST_CASE("wherever the space ends, the dump is consistent and says that it is incomplete") {
  FakeMemory memory(700, mixed);
  const Written whole = write(memory, {});
  uint64_t most = 0;
  for (uint64_t max = 0; max <= whole.file.size() + 5000; max += 509) {
    CAPTURE(max);
    const Notes notes;
    MemorySink sink;
    NoProgress progress;
    const auto result = write_dump(memory, make_header(notes),
                                   {.max_bytes = max, .memory_bytes = 256 << 10}, sink, progress);
    CHECK(sink.file.size() <= max);
    if (!result) {
      CHECK(result.error().kind == Kind::no_space);
      CHECK(max < 60'000);
      continue;
    }
    const KdumpFile dump = read_kdump(sink.file);
    CHECK(dump.incomplete == !result->complete);
    check_pages(dump, memory, result->complete);
    CHECK(dump.pages.size() + result->pages_dropped + result->pages_unreadable ==
          memory.kept_pages());
    most = std::max<uint64_t>(most, dump.pages.size());
  }
  CHECK(most == read_kdump(whole.file).pages.size());
}

TEST_CASE("whenever the time ends, the dump is consistent and says that it is incomplete") {
  FakeMemory memory = mixed_memory();
  const uint64_t all = read_kdump(write(memory, {}).file).pages.size();
  for (uint64_t calls = 1;; calls += 3) {
    CAPTURE(calls);
    REQUIRE(calls < 1000);
    const Notes notes;
    MemorySink sink;
    NoProgress progress;
    progress.calls_until_late = calls;
    const auto result =
        write_dump(memory, make_header(notes),
                   {.threads = 2, .expected_pages = memory.kept_pages(), .memory_bytes = 256 << 10},
                   sink, progress);
    REQUIRE(result);
    const KdumpFile dump = read_kdump(sink.file);
    CHECK(dump.incomplete == !result->complete);
    if (result->complete) break;
    CHECK(result->why.kind == Kind::timeout);
    check_pages(dump, memory, false);
    CHECK(dump.pages.size() <= all);
    CHECK(dump.pages.size() + result->pages_dropped + result->pages_unreadable ==
          memory.kept_pages());
  }
}

TEST_CASE("a sink that runs full keeps what it took") {
  FakeMemory memory = mixed_memory();
  const Written whole = write(memory, {.compression = kFixed});
  for (uint64_t capacity = 0; capacity < whole.file.size() + 100'000; capacity += 100'003) {
    CAPTURE(capacity);
    const Notes notes;
    MemorySink sink;
    sink.capacity = capacity;
    NoProgress progress;
    const auto result =
        write_dump(memory, make_header(notes), {.compression = kFixed, .memory_bytes = 256 << 10},
                   sink, progress);
    if (!result) {
      CHECK(result.error().kind == Kind::no_space);
      continue;
    }
    CHECK(result->complete == (capacity >= whole.file.size()));
    if (sink.file.size() < 80'000) continue;  // not even the bitmaps are inside
    const KdumpFile dump = read_kdump(sink.file);
    CHECK(dump.incomplete == !result->complete);
    check_pages(dump, memory, result->complete);
  }
}

TEST_CASE("however early a disk is full or fails, a third of what it has taken can be read") {
  FakeMemory memory(12'000, [](uint64_t) { return Look::noise; });
  const Notes notes;
  NoProgress progress;
  for (uint64_t blocks = 1024; blocks < 12'000; blocks += 1997) {
    CAPTURE(blocks);
    MemorySink sink;
    sink.free_blocks = blocks;
    const auto result = write_dump(memory, make_header(notes), {}, sink, progress);
    REQUIRE(result);
    CHECK_FALSE(result->complete);
    const KdumpFile dump = read_kdump(sink.file);
    check_pages(dump, memory, false);
    CHECK(dump.pages.size() == result->pages_written);
    CHECK(dump.pages.size() * 3 >= blocks);
  }
  for (int nth = 10; nth < 60; nth += 14) {
    CAPTURE(nth);
    MemorySink sink;
    sink.fail_nth = nth;
    CHECK_FALSE(write_dump(memory, make_header(notes), {}, sink, progress));
    const KdumpFile dump = read_kdump(sink.file);
    check_pages(dump, memory, false);
    CHECK(dump.pages.size() * 4096 * 3 >= sink.file.size());
  }
}

TEST_CASE("whichever write fails, the dump is readable so far and never claims to be complete") {
  FakeMemory memory = mixed_memory();
  int without_sums = 0;
  for (const Kind kind : {Kind::io, Kind::timeout, Kind::no_space}) {
    bool fired = true;
    for (int nth = 1; fired; ++nth) {
      CAPTURE(nth);
      const Notes notes;
      MemorySink sink;
      sink.fail_nth = nth;
      sink.fail_kind = kind;
      NoProgress progress;
      const auto result = write_dump(memory, make_header(notes),
                                     {.threads = 2, .memory_bytes = 256 << 10}, sink, progress);
      fired = sink.writes >= nth;
      REQUIRE(nth < 1000);
      if (kind != Kind::no_space) {
        CHECK(result.has_value() == !fired);
        if (!result) CHECK(result.error().kind == kind);
      }
      // Without room for its checksums the dump is complete and lacks them.
      const bool lacks_sums = fired && result && result->complete;
      without_sums += lacks_sums;
      if (sink.file.size() < 80'000) continue;
      const KdumpFile dump = read_kdump(sink.file);
      CHECK(dump.incomplete == (fired && !lacks_sums));
      check_pages(dump, memory, !dump.incomplete);
    }
  }
  CHECK(without_sums == 1);
}

TEST_CASE("cut off after any write, the file is readable so far") {
  // What a power cut leaves, if the file system keeps the order of writes.
  FakeMemory memory = mixed_memory();
  struct Checking final : Sink {
    MemorySink inner;
    const FakeMemory* memory = nullptr;
    size_t most = 0;
    Result<> write_at(uint64_t offset, Bytes data) override {
      REQUIRE(inner.write_at(offset, data));
      if (inner.file.size() < 80'000) return {};
      const KdumpFile dump = read_kdump(inner.file);
      check_pages(dump, *memory, !dump.incomplete);
      CHECK(dump.pages.size() >= most);
      most = dump.pages.size();
      return {};
    }
  } sink;
  sink.memory = &memory;
  const Notes notes;
  NoProgress progress;
  REQUIRE(write_dump(memory, make_header(notes), {.memory_bytes = 256 << 10}, sink, progress));
  CHECK(sink.most > 1000);
}

TEST_CASE("random memory reads back") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const uint64_t run = 1 + mix(seed) % 100;
    FakeMemory memory(1 + mix(seed + 100) % 3000, [seed, run](uint64_t pfn) {
      return static_cast<Look>(mix(seed * 1000 + pfn / run) % 6);
    });
    const auto [result, file] = write(memory, {.threads = 1 + static_cast<uint32_t>(seed % 3),
                                               .expected_pages = memory.kept_pages(),
                                               .memory_bytes = seed % 2 ? 256u << 10 : 4u << 20});
    CHECK(result.complete);
    check_pages(read_kdump(file), memory, true);
  }
}
