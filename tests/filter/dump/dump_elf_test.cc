// The ELF writer: what it writes is read back by an independent reader.
#include <doctest/doctest.h>

#include "filter/pages/plan.h"
#include "tests/filter/dump/dump_elf_reader.h"
#include "tests/filter/dump/dump_fakes.h"

using namespace kdump;
using namespace kdump::dump_test;

namespace {

constexpr uint64_t kDirectMap = 0xffff888000000000;
constexpr uint64_t kText = 0xffffffff81000000;

// Short and long runs and gaps, in two windows, the second not full.
Look patchy(uint64_t pfn) {
  if (pfn >= 2000 && pfn < kWindowPages - 50) return Look::hole;
  const uint64_t group = mix(pfn / 150) % 12;
  if (group < 2) return Look::hole;
  if (group < 6) return Look::excluded;
  if (group < 8) return Look::zero;
  if (group < 11) return Look::text;
  return pfn % 31 == 3 ? Look::unreadable : Look::noise;
}

FakeMemory patchy_memory() { return {kWindowPages + 901, patchy}; }

// The kernel's text lies twice in the address space, as in every vmcore of x86_64.
const std::vector<DumpHeader::Segment> kSegments = {
    {{0}, (kWindowPages + 901) * 4096ull, {kDirectMap}},
    {{0x100000}, 0x200000, {kText}},
};

DumpHeader make_elf_header(const Notes& notes) {
  DumpHeader header = make_header(notes);
  header.segments = kSegments;
  return header;
}

struct Written {
  DumpResult result;
  std::vector<uint8_t> file;
};

Written write(FakeMemory& memory, DumpOptions options) {
  const Notes notes;
  options.format = Format::elf;
  MemorySink sink;
  NoProgress progress;
  const auto result = write_dump(memory, make_elf_header(notes), options, sink, progress);
  if (!result) FAIL(result.error().text);
  return {*result, std::move(sink.file)};
}

// Every page of the file is right, and, if `whole`, every kept page is there.
void check_pages(const ElfFile& dump, const FakeMemory& memory, bool whole) {
  for (uint64_t pfn = 0; pfn < memory.end; ++pfn) {
    const Look look = memory.look(pfn);
    const auto page = dump.read(&ElfFile::Load::paddr, pfn * 4096, 4096);
    const bool may_miss = !whole || !is_kept(look) || look == Look::unreadable;
    const bool may_be_there = look != Look::hole && look != Look::unreadable;
    if (page ? may_be_there && *page == memory.content(pfn) : may_miss) continue;
    CAPTURE(pfn);
    FAIL(page.has_value());
  }
}

}  // namespace

TEST_CASE("every kept page reads back from the ELF dump, holes and unreadable pages do not") {
  FakeMemory memory = patchy_memory();
  for (const uint32_t level : {31u, 30u}) {
    const auto [result, file] = write(memory, {.level = level});
    const ElfFile dump = read_elf(file);
    CHECK(result.complete);
    CHECK_FALSE(dump.incomplete);
    CHECK(dump.notes == Notes().bytes);
    check_pages(dump, memory, true);
    CHECK(result.pages_written + result.pages_zero + result.pages_unreadable ==
          memory.kept_pages());
    CHECK((result.pages_zero > 0) == (level == 31));
    CHECK(result.end_offset == file.size());
  }
}

TEST_CASE("memory that was mapped twice is found at both addresses") {
  FakeMemory memory = patchy_memory();
  const auto [result, file] = write(memory, {});
  const ElfFile dump = read_elf(file);
  int found = 0;
  for (uint64_t paddr = 0x100000; paddr < 0x300000; paddr += 4096) {
    const auto direct = dump.read(&ElfFile::Load::vaddr, kDirectMap + paddr, 4096);
    const auto text = dump.read(&ElfFile::Load::vaddr, kText + paddr - 0x100000, 4096);
    CHECK(direct == text);
    found += text.has_value();
  }
  CHECK(found > 100);
  CHECK_FALSE(dump.read(&ElfFile::Load::vaddr, kText + 0x200000, 1));
}

TEST_CASE("long gaps of excluded pages are not written, short ones are") {
  FakeMemory memory(4000, [](uint64_t pfn) {
    return pfn < 100 || (pfn >= 200 && pfn < 300) || pfn >= 300 + kElfMergePages ? Look::noise
                                                                                 : Look::excluded;
  });
  const ElfFile dump = read_elf(write(memory, {}).file);
  CHECK(dump.read(&ElfFile::Load::paddr, 150 * 4096, 4096) == memory.content(150));
  CHECK_FALSE(dump.read(&ElfFile::Load::paddr, 310 * 4096, 4096));
}

TEST_CASE("long runs of zeros take no writing") {
  FakeMemory memory(50'000, [](uint64_t pfn) { return pfn == 49'000 ? Look::text : Look::zero; });
  const auto [result, file] = write(memory, {});
  check_pages(read_elf(file), memory, true);
  CHECK(result.bytes_written < 4 << 20);
  CHECK(result.end_offset > 50'000 * 4096ull);
  CHECK(write(memory, {.level = 30}).result.bytes_written > 50'000 * 4096ull);
}

TEST_CASE("when program headers run short, runs are merged") {
  // Every second group of pages is excluded: far more runs than the plan counted.
  FakeMemory memory(
      60'000, [](uint64_t pfn) { return pfn / kElfMergePages % 2 ? Look::zero : Look::excluded; });
  const auto [result, file] = write(memory, {.expected_segments = 1});
  CHECK(result.complete);
  const ElfFile dump = read_elf(file);
  CHECK(dump.loads.size() < dump.headers);
  check_pages(dump, memory, true);
}

TEST_CASE("more than 65534 program headers are counted in a section header") {
  FakeMemory memory = patchy_memory();
  const auto [result, file] = write(memory, {.expected_segments = 100'000});
  const ElfFile dump = read_elf(file);
  CHECK(dump.headers > 100'000);
  check_pages(dump, memory, true);
}

TEST_CASE("the number of headers around the limit of the 16-bit field is right") {
  FakeMemory memory(10, [](uint64_t) { return Look::text; });
  for (uint32_t expected = 61'600; expected < 61'630; ++expected) {
    const ElfFile dump = read_elf(write(memory, {.expected_segments = expected}).file);
    CHECK(dump.loads.size() == 1);
    CHECK(dump.headers > expected);
  }
}

TEST_CASE("a vmcore whose segments are unknown still gives physical addresses") {
  FakeMemory memory = patchy_memory();
  const Notes notes;
  MemorySink sink;
  NoProgress progress;
  REQUIRE(write_dump(memory, make_header(notes), {.format = Format::elf}, sink, progress));
  check_pages(read_elf(sink.file), memory, true);
}

TEST_CASE("apart from the header no byte of an ELF dump is written twice") {
  FakeMemory memory = patchy_memory();
  const Notes notes;
  MemorySink sink;
  NoProgress progress;
  REQUIRE(write_dump(memory, make_elf_header(notes),
                     {.format = Format::elf, .memory_bytes = 256 << 10}, sink, progress));
  std::ranges::sort(sink.ranges);
  REQUIRE(sink.ranges[0] == sink.ranges[1]);
  for (size_t i = 2; i < sink.ranges.size(); ++i)
    CHECK(sink.ranges[i].first >= sink.ranges[i - 1].second);
}

TEST_CASE("wherever the space ends, the ELF dump is consistent and says that it is incomplete") {
  FakeMemory memory(1200, patchy);
  const Written whole = write(memory, {.expected_segments = 20});
  for (uint64_t max = 0; max <= whole.file.size() + 20'000; max += 7'001) {
    CAPTURE(max);
    const Notes notes;
    MemorySink sink;
    NoProgress progress;
    const auto result = write_dump(memory, make_elf_header(notes),
                                   {.format = Format::elf,
                                    .max_bytes = max,
                                    .expected_segments = 20,
                                    .memory_bytes = 256 << 10},
                                   sink, progress);
    CHECK(sink.file.size() <= max);
    if (!result) {
      CHECK(result.error().kind == Kind::no_space);
      continue;
    }
    const ElfFile dump = read_elf(sink.file);
    CHECK(dump.incomplete == !result->complete);
    check_pages(dump, memory, result->complete);
    CHECK(result->pages_written + result->pages_zero + result->pages_dropped +
              result->pages_unreadable ==
          memory.kept_pages());
  }
}

TEST_CASE("however early a disk is full or fails, a third of an ELF dump's pages can be read") {
  FakeMemory memory(12'000, [](uint64_t) { return Look::noise; });
  const Notes notes;
  NoProgress progress;
  const auto readable = [&](const MemorySink& sink) {
    const ElfFile dump = read_elf(sink.file);
    check_pages(dump, memory, false);
    uint64_t pages = 0;
    while (dump.read(&ElfFile::Load::paddr, pages * 4096, 4096)) ++pages;
    return pages;
  };
  for (uint64_t blocks = 1024; blocks < 12'000; blocks += 1997) {
    CAPTURE(blocks);
    MemorySink sink;
    sink.free_blocks = blocks;
    const auto result =
        write_dump(memory, make_elf_header(notes), {.format = Format::elf}, sink, progress);
    REQUIRE(result);
    CHECK_FALSE(result->complete);
    CHECK(readable(sink) * 3 >= blocks);
  }
  for (int nth = 10; nth < 50; nth += 14) {
    CAPTURE(nth);
    MemorySink sink;
    sink.fail_nth = nth;
    CHECK_FALSE(
        write_dump(memory, make_elf_header(notes), {.format = Format::elf}, sink, progress));
    CHECK(readable(sink) * 4096 * 3 >= sink.file.size());
  }
}

TEST_CASE("whichever write of an ELF dump fails, it is readable so far and never complete") {
  FakeMemory memory = patchy_memory();
  int without_sums = 0;
  for (const Kind kind : {Kind::io, Kind::no_space}) {
    bool fired = true;
    for (int nth = 1; fired; ++nth) {
      CAPTURE(nth);
      const Notes notes;
      MemorySink sink;
      sink.fail_nth = nth;
      sink.fail_kind = kind;
      NoProgress progress;
      const auto result =
          write_dump(memory, make_elf_header(notes),
                     {.format = Format::elf, .expected_segments = 20, .memory_bytes = 256 << 10},
                     sink, progress);
      fired = sink.writes >= nth;
      REQUIRE(nth < 1000);
      if (kind != Kind::no_space) CHECK(result.has_value() == !fired);
      if (sink.file.size() < 8192) continue;  // not even the headers are inside
      const ElfFile dump = read_elf(sink.file);
      // Without room for its checksums the dump is complete and lacks them.
      const bool lacks_sums = fired && result && result->complete;
      without_sums += lacks_sums;
      CHECK(dump.incomplete == (fired && !lacks_sums));
      check_pages(dump, memory, !dump.incomplete);
    }
  }
  CHECK(without_sums == 1);
}

TEST_CASE("random memory reads back from ELF") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const uint64_t run = 1 + mix(seed) % 400;
    FakeMemory memory(1 + mix(seed + 100) % 5000, [seed, run](uint64_t pfn) {
      return static_cast<Look>(mix(seed * 1000 + pfn / run) % 6);
    });
    const auto [result, file] = write(
        memory, {.level = seed % 3 ? 31u : 0u, .memory_bytes = seed % 2 ? 256u << 10 : 4u << 20});
    CHECK(result.complete);
    check_pages(read_elf(file), memory, true);
  }
}
