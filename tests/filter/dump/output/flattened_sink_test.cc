// The flattened stream: restored as `makedumpfile -R` does, it is the positional file.
#include "filter/dump/output/flattened_sink.h"

#include <doctest/doctest.h>

#include "filter/dump_file/sums_format.h"
#include "tests/filter/dump/dump_fakes.h"

using namespace kdump;
using namespace kdump::dump_test;

namespace {

uint64_t big_endian(const std::vector<uint8_t>& stream, size_t at) {
  REQUIRE(at + 8 <= stream.size());
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = value << 8 | stream[at + i];
  return value;
}

struct Restored {
  std::vector<uint8_t> file;
  std::vector<std::pair<uint64_t, uint64_t>> records;
};

Restored restore(const std::vector<uint8_t>& stream) {
  Restored out;
  REQUIRE(stream.size() >= 4096);
  REQUIRE(std::string(stream.begin(), stream.begin() + 16) ==
          std::string("makedumpfile\0\0\0\0", 16));
  REQUIRE(big_endian(stream, 16) == 1);
  REQUIRE(big_endian(stream, 24) == 1);
  size_t at = 4096;
  while (big_endian(stream, at) != UINT64_MAX) {
    const uint64_t offset = big_endian(stream, at), size = big_endian(stream, at + 8);
    at += 16;
    REQUIRE(size > 0);
    REQUIRE(size <= stream.size() - at);
    if (out.file.size() < offset + size) out.file.resize(offset + size);
    memcpy(out.file.data() + offset, stream.data() + at, size);
    out.records.emplace_back(offset, offset + size);
    at += size;
  }
  REQUIRE(big_endian(stream, at + 8) == UINT64_MAX);
  // The stream's checksum follows the end marker.
  REQUIRE(at + 16 + sizeof(sums_format::StreamEnd) == stream.size());
  return out;
}

// Accepts nothing but the next byte.
struct Stream final : Sink {
  std::vector<uint8_t> bytes;
  int fail_nth = 0;
  int writes = 0;
  Result<> write_at(uint64_t offset, Bytes data) override {
    REQUIRE(offset == bytes.size());
    if (++writes == fail_nth) return fail(Kind::no_space, "write %d was to fail", writes);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return {};
  }
};

FakeMemory some_memory() {
  return {3000, [](uint64_t pfn) { return static_cast<Look>(mix(pfn / 5) % 6); }};
}

}  // namespace

TEST_CASE("a flattened dump, restored, is the positional one") {
  for (const Format format : {Format::kdump, Format::elf}) {
    for (const uint64_t max_bytes : {uint64_t{900'000}, UINT64_MAX}) {
      FakeMemory memory = some_memory();
      const Notes notes;
      const DumpHeader header = make_header(notes);
      const DumpOptions options{.format = format,
                                .compression = {.kind = Compression::Kind::zstd},
                                .max_bytes = max_bytes,
                                .memory_bytes = 256 << 10};
      NoProgress progress;
      MemorySink file;
      REQUIRE(write_dump(memory, header, options, file, progress));

      Stream stream;
      FlattenedSink flattened(stream);
      REQUIRE(write_dump(memory, header, options, flattened, progress));
      REQUIRE(flattened.finish());
      CHECK(flattened.stream_bytes() == stream.bytes.size());

      Restored restored = restore(stream.bytes);
      CHECK(restored.file == file.file);
      std::ranges::sort(restored.records);
      for (size_t i = 1; i < restored.records.size(); ++i)
        CHECK(restored.records[i].first >= restored.records[i - 1].second);
    }
  }
}

TEST_CASE("an interrupted stream carries a header marked incomplete") {
  FakeMemory memory = some_memory();
  const Notes notes;
  Stream stream;
  FlattenedSink flattened(stream);
  NoProgress progress;
  REQUIRE(write_dump(memory, make_header(notes), {}, flattened, progress));
  const uint8_t* const header = stream.bytes.data() + FlattenedSink::kProvisionalOffset;
  CHECK(memcmp(header, "KDUMP   ", 8) == 0);
  CHECK(load<uint32_t>(header + 424) == (0x20 | 8));
}

TEST_CASE("after a failed write the stream is left alone") {
  for (int nth = 1;; ++nth) {
    CAPTURE(nth);
    FakeMemory memory = some_memory();
    const Notes notes;
    Stream stream;
    stream.fail_nth = nth;
    FlattenedSink flattened(stream);
    NoProgress progress;
    const auto result =
        write_dump(memory, make_header(notes), {.memory_bytes = 256 << 10}, flattened, progress);
    const auto finished = flattened.finish();
    if (stream.writes < nth) {
      CHECK(result);
      CHECK(finished);
      break;
    }
    CHECK_FALSE(finished);
    CHECK(stream.writes == nth);
  }
}

TEST_CASE("an empty stream is still a flattened file") {
  Stream stream;
  FlattenedSink flattened(stream);
  REQUIRE(flattened.write_at(100, {}));
  REQUIRE(flattened.finish());
  CHECK(restore(stream.bytes).file.empty());
}
