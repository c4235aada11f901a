// Dumps of each kind, sound and damaged in each way: what `verify` says of them. No damage makes it
// fail otherwise than by saying so.
#include <doctest/doctest.h>
#include <elf.h>

#include "filter/dump_file/kdump_format.h"
#include "filter/dump_file/sums_format.h"
#include "filter/verify/dump_check.h"
#include "init/capture/job/dump_job.h"
#include "tests/fakes/fake_sys.h"
#include "tests/init/tiny_core.h"

using namespace kdump;

namespace {

struct NoProgress final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

// The dump of the tiny core, as the job makes it.
std::string make_dump(Format format, bool flatten, Compression::Kind kind) {
  FakeSys sys;
  sys.add_file("/proc/vmcore", tiny_core());
  sys.add_directory("/crash");
  FakeFs& disk = sys.add_fs({});
  sys.add_mount("/dev/vda", "/crash", disk);
  Settings settings;
  settings.format = format;
  settings.compression.kind = kind;
  const auto board = std::make_unique<Board>();
  Console console({.board = board.get()});
  const auto network = existing_network();
  run_dump_job(sys, settings, "dir:/crash", {.network = *network, .flatten = flatten}, *board,
               console);
  CAPTURE(std::string(board->log_text()));
  REQUIRE(board->outcome() == Board::Outcome::saved);
  return sys.content(board->location() + "/vmcore");
}

const std::string& kdump_dump() {
  static const std::string dump = make_dump(Format::kdump, false, Compression::Kind::zstd);
  return dump;
}

Result<DumpCheck> check(const std::string& content) {
  FakeSys sys;
  sys.add_file("/dump", content);
  const DumpFile file = TRY(DumpFile::open(sys, "/dump"));
  NoProgress progress;
  return check_dump_file(file, progress);
}

bool is_damaged(const std::string& content, const char* as_told) {
  const auto checked = check(content);
  if (!checked) return std::string(checked.error().text).find(as_told) != std::string::npos;
  for (const std::string& damage : checked->damages)
    if (damage.find(as_told) != std::string::npos) return true;
  CAPTURE(checked->damage_count);
  CAPTURE(checked->damages.empty() ? "" : checked->damages[0]);
  CHECK_MESSAGE(false, as_told);
  return false;
}

template <class T>
void put(std::string& content, size_t offset, T value) {
  memcpy(content.data() + offset, &value, sizeof value);
}

// Where the parts of a kdump file lie.
struct Parts {
  explicit Parts(const std::string& dump) {
    const auto header = load<kdump_format::Header>(reinterpret_cast<const uint8_t*>(dump.data()));
    bitmaps = (1 + static_cast<size_t>(header.sub_hdr_size)) * 4096;
    descriptors = bitmaps + size_t{header.bitmap_blocks} * 4096;
  }
  size_t bitmaps, descriptors;
};

}  // namespace

TEST_CASE("a dump that was saved is sound, in every form") {
  for (const Format format : {Format::kdump, Format::elf})
    for (const bool flatten : {false, true}) {
      CAPTURE(flatten);
      const auto checked = check(make_dump(format, flatten, Compression::Kind::none));
      REQUIRE(checked);
      CAPTURE(checked->damages.empty() ? "" : checked->damages[0]);
      CHECK(checked->is_sound());
      CHECK(!checked->is_incomplete);
      CHECK(checked->pages > 100);
    }
  const auto compressed = check(kdump_dump());
  REQUIRE(compressed);
  CHECK(compressed->is_sound());
}

TEST_CASE("damaged headers, tables and pages are reported with their place") {
  const std::string& good = kdump_dump();
  const Parts parts(good);
  std::string dump = good;
  put<int32_t>(dump, 428, 12345);
  CHECK(is_damaged(dump, "block size 12345"));
  dump = good;
  put<uint32_t>(dump, 436, 0x7fffffff);
  CHECK(is_damaged(dump, "do not fit a file"));
  dump = good;
  put<uint64_t>(dump, 4096 + 96, UINT64_MAX - 3);
  CHECK(is_damaged(dump, "do not fit a file"));
  dump = good;
  put<uint64_t>(dump, 4096 + 48, UINT64_MAX - 7);
  CHECK(is_damaged(dump, "lie outside of the file"));
  dump = good;
  put<uint64_t>(dump, parts.descriptors + 24, uint64_t{1} << 62);
  CHECK(is_damaged(dump, "descriptor 1, "));
  CHECK(is_damaged(dump, "beyond the end of the file"));
  dump = good;
  put<uint32_t>(dump, parts.descriptors + 8, 4097);
  CHECK(is_damaged(dump, "its size is out of range"));
  dump = good;
  put<uint32_t>(dump, parts.descriptors + 12, 0x21);
  CHECK(is_damaged(dump, "several compressions"));
  dump = good;
  put<uint64_t>(dump, parts.descriptors, 4096);
  CHECK(is_damaged(dump, "overlaps the tables"));
  // Bitmap 2 has a page that bitmap 1 has not.
  dump = good;
  dump[parts.bitmaps] = static_cast<char>(dump[parts.bitmaps] & ~1);
  CHECK(is_damaged(dump, "page frame 0 is dumped but not of RAM"));
  CHECK(is_damaged(good.substr(0, good.size() - 5000), "beyond the end of the file"));
  CHECK(is_damaged(good.substr(0, 100), "ends at offset"));
  CHECK(is_damaged("", "not a dump"));
  CHECK(is_damaged("hello, world", "not a dump"));
}

TEST_CASE("a compressed page that is not one any more is found") {
  const std::string& good = kdump_dump();
  const Parts parts(good);
  for (size_t i = 0; i < 256; ++i) {
    const auto page = load<kdump_format::PageDescriptor>(
        reinterpret_cast<const uint8_t*>(good.data()) + parts.descriptors + 24 * i);
    if (page.flags != kdump_format::kCompressedZstd) continue;
    std::string dump = good;
    put<uint32_t>(dump, page.offset, 0xdeadbeef);
    CHECK(is_damaged(dump, "it does not decompress to a page"));
    return;
  }
  FAIL("no page of the tiny core was compressed");
}

TEST_CASE("a page is decompressed: what is wrong inside of its frame is found") {
  const std::string& good = kdump_dump();
  const Parts parts(good);
  size_t tried = 0, found = 0;
  for (size_t i = 0; i < 256 && tried < 2000; ++i) {
    const auto page = load<kdump_format::PageDescriptor>(
        reinterpret_cast<const uint8_t*>(good.data()) + parts.descriptors + 24 * i);
    if (page.flags != kdump_format::kCompressedZstd) continue;
    // Behind the magic number, the content size and the block's head, which have always been read.
    for (size_t at = 10; at < page.size; ++at, ++tried) {
      std::string dump = good;
      dump[page.offset + at] = static_cast<char>(~dump[page.offset + at]);
      const auto checked = check(dump);
      REQUIRE(checked);
      found += !checked->is_sound();
    }
  }
  CAPTURE(tried);
  CHECK(found > 0);
}

TEST_CASE("the compressed pages of a stream are decompressed too") {
  std::string dump = make_dump(Format::kdump, true, Compression::Kind::zstd);
  CHECK(check(dump)->is_sound());
  const size_t frame = dump.find("\x28\xb5\x2f\xfd");
  REQUIRE(frame != std::string::npos);
  put<uint32_t>(dump, frame, 0xdeadbeef);
  CHECK(is_damaged(dump, "it does not decompress to a page"));
}

TEST_CASE("a dump that is marked incomplete is not called damaged") {
  std::string dump = kdump_dump();
  // One of another program, without checksums: of ours a changed byte is damage.
  memset(dump.data() + sums_format::kAnnouncementOffset, 0, sizeof(sums_format::Announcement));
  dump[424] = static_cast<char>(dump[424] | 8);
  const auto checked = check(dump);
  REQUIRE(checked);
  CHECK(checked->is_incomplete);
  CHECK(checked->is_sound());
}

TEST_CASE("a stream that was cut off anywhere is no sound dump") {
  const std::string good = make_dump(Format::kdump, true, Compression::Kind::none);
  CHECK(check(good)->is_sound());
  for (size_t size = 4096; size < good.size(); size += good.size() / 50 + 7) {
    CAPTURE(size);
    const auto checked = check(good.substr(0, size));
    CHECK(!checked);
  }
}

// Streams of a few kilobytes that claim to be huge. A check that walks what they claim takes hours.
TEST_CASE("what a stream claims and does not hold costs no time") {
  const auto be64 = [](uint64_t value) {
    value = __builtin_bswap64(value);
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const auto stream = [&](const std::vector<std::pair<uint64_t, std::string>>& records) {
    std::string out = "makedumpfile";
    out.resize(4096);
    for (const auto& [offset, bytes] : records) out += be64(offset) + be64(bytes.size()) + bytes;
    return out + be64(UINT64_MAX) + be64(UINT64_MAX);
  };
  const std::string& kdump = kdump_dump();
  std::string headers = kdump.substr(0, Parts(kdump).bitmaps);
  put<uint32_t>(headers, 436, 0xfffffffe);  // bitmap_blocks
  const auto bitmaps = check(stream({{0, headers}, {uint64_t{1} << 45, "x"}}));
  REQUIRE(bitmaps);
  CHECK(bitmaps->pages == 0);

  const std::string elf = make_dump(Format::elf, false, Compression::Kind::none);
  const auto far = check(stream({{0, elf}, {uint64_t{1} << 62, "x"}}));
  REQUIRE(far);
  CHECK(far->is_sound());

  std::string header = elf.substr(0, 64);
  put<uint16_t>(header, 56, PN_XNUM);
  put<uint64_t>(header, 32, 1 << 20);  // e_phoff
  put<uint64_t>(header, 40, 64);       // e_shoff
  std::string section(64, '\0');
  put<uint32_t>(section, 44, UINT32_MAX);  // sh_info
  const auto many = check(stream({{0, header + section}, {uint64_t{1} << 40, "x"}}));
  REQUIRE(many);
  CHECK(!many->is_sound());

  std::string notes(60'000 * sizeof(Elf64_Phdr), '\0');
  for (size_t i = 0; i < 60'000; ++i) {
    put<uint32_t>(notes, i * sizeof(Elf64_Phdr), PT_NOTE);
    put<uint64_t>(notes, i * sizeof(Elf64_Phdr) + 32, 3 << 20);  // p_filesz
  }
  put<uint32_t>(section, 44, 60'000);
  const auto noted =
      check(stream({{0, header + section}, {1 << 20, notes}, {uint64_t{1} << 30, "x"}}));
  REQUIRE(noted);
  CHECK(noted->damage_count > 50'000);
}

TEST_CASE("cut ELF cores lack what they say they have") {
  const std::string good = make_dump(Format::elf, false, Compression::Kind::none);
  CHECK(is_damaged(good.substr(0, good.size() - 5000), "reach beyond the end"));
  std::string dump = good;
  put<uint16_t>(dump, 54, 1);  // e_phentsize
  CHECK(is_damaged(dump, "expected a 64-bit"));
  dump = good;
  put<uint64_t>(dump, 32, UINT64_MAX - 10);  // e_phoff
  CHECK(!check(dump)->is_sound());
}

TEST_CASE("whatever single byte of its first blocks is another one, the check ends and says so") {
  const std::string& good = kdump_dump();
  const Parts parts(good);
  for (size_t at = 0; at < parts.descriptors + 2000; at += at < 500 ? 1 : 37) {
    CAPTURE(at);
    for (const int value : {0, 0x7f, 0xff}) {
      std::string dump = good;
      dump[at] = static_cast<char>(value);
      const auto checked = check(dump);
      if (!checked) CHECK(checked.error().text[0] != '\0');
    }
  }
}
