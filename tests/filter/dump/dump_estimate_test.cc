// The estimate of a dump's size: never too small, and not much too large.
#include <doctest/doctest.h>

#include "tests/filter/dump/dump_fakes.h"

using namespace kdump;
using namespace kdump::dump_test;

namespace {

constexpr Compression kZstd = {.kind = Compression::Kind::zstd};

void check_estimate(FakeMemory& memory, const DumpOptions& options, double most) {
  const Notes notes;
  MemorySink sink;
  NoProgress progress;
  const auto estimate = estimate_dump_bytes(memory, make_header(notes), options);
  const auto written = write_dump(memory, make_header(notes), options, sink, progress);
  REQUIRE(estimate);
  REQUIRE(written);
  CAPTURE(written->end_offset);
  CHECK(*estimate >= written->end_offset);
  const auto bound = max_dump_bytes(memory, make_header(notes), options);
  REQUIRE(bound);
  if (options.expected_pages != 0 && options.format == Format::kdump)
    CHECK(*bound >= written->end_offset);
  CHECK(static_cast<double>(*estimate) <= most * static_cast<double>(written->end_offset));
}

}  // namespace

TEST_CASE("an estimate is enough and not far off, in every format") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    FakeMemory memory(
        20'000, [seed](uint64_t pfn) { return static_cast<Look>(mix(seed << 32 | pfn / 9) % 6); });
    const uint64_t kept = memory.kept_pages();
    check_estimate(memory, {.compression = kZstd, .expected_pages = kept}, 1.25);
    check_estimate(memory, {.compression = kZstd}, 1.25);
    check_estimate(memory, {.compression = {Compression::Kind::none}, .expected_pages = kept},
                   1.25);
    // Unreadable pages count as if they could be read.
    check_estimate(memory, {.format = Format::elf, .level = 0, .expected_pages = kept}, 1.4);
  }
}

TEST_CASE("where every page is looked at, the estimate has no margin") {
  FakeMemory memory(kSamplePages, [](uint64_t pfn) { return pfn % 3 ? Look::text : Look::noise; });
  check_estimate(memory, {.compression = kZstd, .expected_pages = kSamplePages}, 1.02);
}

TEST_CASE("ELF: long runs of zeros take no room where there are holes") {
  // Runs of zeros from nothing to long ones, with data between.
  for (const uint64_t zeros : {60u, 70u, 300u, 9000u}) {
    CAPTURE(zeros);
    FakeMemory memory(10'000, [zeros](uint64_t pfn) {
      return pfn % (zeros + 40) < zeros ? Look::zero : Look::noise;
    });
    const Notes notes;
    for (const bool no_sparse_files : {true, false}) {
      CAPTURE(no_sparse_files);
      const DumpOptions options{.format = Format::elf,
                                .level = 31,
                                .no_sparse_files = no_sparse_files,
                                .expected_pages = memory.kept_pages()};
      MemorySink sink;
      NoProgress progress;
      const auto estimate = estimate_dump_bytes(memory, make_header(notes), options);
      const auto written = write_dump(memory, make_header(notes), options, sink, progress);
      REQUIRE(estimate);
      REQUIRE(written);
      const uint64_t taken = no_sparse_files ? written->end_offset : written->bytes_written;
      CHECK(*estimate >= taken);
      // Runs that are hardly longer than a hole are seen as data.
      if (zeros > 70) CHECK(*estimate <= 2 * taken + (8 << 20));
    }
  }
}

TEST_CASE("ELF: zeros are found in a sample of much memory, with a margin") {
  constexpr uint64_t kPages = 240'000, kData = kPages / 8;
  FakeMemory memory(kPages,
                    [](uint64_t pfn) { return pfn / 1000 % 8 == 7 ? Look::noise : Look::zero; });
  const Notes notes;
  const auto estimate = estimate_dump_bytes(
      memory, make_header(notes),
      {.format = Format::elf, .level = 31, .no_sparse_files = false, .expected_pages = kPages});
  REQUIRE(estimate);
  CHECK(*estimate / 4096 > kData);
  CHECK(*estimate / 4096 < 2 * kData);
}

TEST_CASE("an estimate of nothing is not zero, and the space there is does not matter to it") {
  FakeMemory memory(100, [](uint64_t) { return Look::excluded; });
  const Notes notes;
  const auto kdump = estimate_dump_bytes(memory, make_header(notes), {.max_bytes = 1});
  const auto elf =
      estimate_dump_bytes(memory, make_header(notes), {.format = Format::elf, .max_bytes = 1});
  REQUIRE(kdump);
  REQUIRE(elf);
  CHECK(*kdump > 0);
  CHECK(*elf > 0);
}
