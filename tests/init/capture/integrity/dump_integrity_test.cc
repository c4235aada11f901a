// What is remembered of a dump while it is written, and what that finds out afterwards.
#include "init/capture/integrity/dump_integrity.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "filter/base/crc32c.h"
#include "init/capture/stop_request.h"
#include "tests/fakes/fake_sys.h"

using namespace kdump;

namespace {

Bytes as_bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string noise(size_t size, uint64_t seed) {
  std::string data(size, '\0');
  uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (char& c : data) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state);
  }
  return data;
}

// A file in memory, whose bytes may change by themselves.
struct MemoryFile final : TargetFile {
  Result<> write_at(uint64_t offset, Bytes data) override {
    content.resize(std::max<size_t>(content.size(), offset + data.size()));
    std::ranges::copy(data, content.begin() + static_cast<int64_t>(offset));
    return {};
  }
  Result<> sync() override {
    is_synced = true;
    return {};
  }
  Result<> commit() override {
    *is_committed = true;
    return {};
  }
  Result<> keep_incomplete() override { return {}; }
  Result<> demote() override {
    if (name_stays) return TargetFile::demote();
    *is_committed = false;
    return {};
  }
  Result<> read_back(uint64_t offset, MutableBytes out) override {
    CHECK(is_synced);
    before_read();
    if (is_write_only) return fail(Kind::refused, "permission denied");
    if (offset + out.size() > content.size()) return fail(Kind::corrupt, "it ends before");
    if (offset < bad.end && offset + out.size() > bad.begin) {
      if (heals) bad = {};
      return fail(Kind::io, "I/O error");
    }
    std::copy_n(content.begin() + static_cast<int64_t>(offset), out.size(), out.begin());
    return {};
  }
  std::function<void()> before_read = [] {};
  std::string content;
  struct Range {
    size_t begin = 0, end = 0;
  };
  Range bad = {};      // cannot be read,
  bool heals = false;  // the first time
  bool is_synced = false, name_stays = false, is_write_only = false;
  bool has_name = false, *is_committed = &has_name;  // elsewhere, where it is to outlive the file
};

// A dump's way of writing: header, data, what points at it, header again; with a gap of zeros.
void write(Sink& sink, size_t size) {
  CHECK(sink.write_at(0, as_bytes(noise(464, 1))));
  CHECK(sink.write_at(100'000, as_bytes(noise(size - 100'000, 2))));
  CHECK(sink.write_at(5000, as_bytes(noise(3333, 3))));
  CHECK(sink.write_at(9000, as_bytes(noise(77, 4))));
  CHECK(sink.write_at(0, as_bytes(noise(464, 5))));
}

struct Machine {
  FakeSys sys;
  std::unique_ptr<Board> board = std::make_unique<Board>();
  Console console{{.board = board.get()}};
  JobProgress progress{sys, *board, console, 60};
};

// A dump of `bytes` bytes, written and not committed yet: what `written` is made to be meanwhile is
// what becomes of it on its target.
struct WrittenDump {
  explicit WrittenDump(size_t size, Verify verify = Verify::all)
      : integrity(machine.sys, verify, machine.progress) {
    written.is_committed = &is_committed;
    write(integrity.observe_writes(written, Target::Access::positional, true), size);
  }
  Result<> commit() { return integrity.commit_dump(std::move(file)); }
  Result<> check() { return integrity.check_dump(0, machine.console); }

  Machine machine;
  DumpIntegrity integrity;
  std::unique_ptr<MemoryFile> file = std::make_unique<MemoryFile>();
  MemoryFile& written = *file;  // is there until check()
  bool is_committed = false;
};

}  // namespace

TEST_CASE("a checksum is the one of the standard, and that of zeros behind adds up") {
  // CRC-32C of "123456789" is 0xe3069283, with the initial value and the inversion that the linear
  // form lacks: both are a linear function of the length, and cancel out between two texts.
  const std::string a = noise(1000, 1), b = noise(1000, 2);
  std::string both(1000, '\0');
  for (size_t i = 0; i < both.size(); ++i) both[i] = static_cast<char>(a[i] ^ b[i]);
  CHECK((linear_crc32c(as_bytes(a)) ^ linear_crc32c(as_bytes(b))) == linear_crc32c(as_bytes(both)));
  for (const size_t zeros : {0, 1, 7, 4096, 100'000})
    CHECK(crc32c_before_zeros(linear_crc32c(as_bytes(a)), zeros) ==
          linear_crc32c(as_bytes(a + std::string(zeros, '\0'))));
  // The initial value is all ones before the text: nine bytes of text, four of ones.
  const std::string text = "123456789";
  const uint32_t ones = crc32c_before_zeros(linear_crc32c(as_bytes("\xff\xff\xff\xff")), 5);
  CHECK((linear_crc32c(as_bytes(text)) ^ ones ^ 0xffffffff) == 0xe3069283);
}

TEST_CASE("the checksum of much is that of its pieces") {
  for (const size_t size : {131'071u, 131'072u, 131'096u, 200'001u, (1u << 20) + 23}) {
    CAPTURE(size);
    const std::string data = noise(size, 3);
    uint32_t sum = 0;
    for (size_t at = 0; at < size; at += 999) {
      const std::string piece = data.substr(at, 999);
      sum = crc32c_before_zeros(sum, piece.size()) ^ linear_crc32c(as_bytes(piece));
    }
    CHECK(linear_crc32c(as_bytes(data)) == sum);
  }
}

TEST_CASE("nothing is summed where the sums are not used, and nothing is called verified then") {
  struct Row {
    Verify verify;
    Target::Access access;
    bool has_manifest;
  };
  for (const Row& row : {Row{Verify::none, Target::Access::positional, true},
                         Row{Verify::all, Target::Access::append_only, false}}) {
    Machine machine;
    DumpIntegrity integrity(machine.sys, row.verify, machine.progress);
    auto file = std::make_unique<MemoryFile>();
    CHECK(&integrity.observe_writes(*file, row.access, row.has_manifest) == file.get());
    MemoryFile& written = *file;
    CHECK(integrity.commit_dump(std::move(file)));
    CHECK(*written.is_committed);
    CHECK(integrity.verified() == std::string("none"));
  }
}

TEST_CASE("a stream is hashed as it goes") {
  Machine machine;
  DumpIntegrity integrity(machine.sys, Verify::automatic, machine.progress);
  auto file = std::make_unique<MemoryFile>();
  const std::string data = noise(300'000, 8);
  Sink& sink = integrity.observe_writes(*file, Target::Access::append_only, true);
  CHECK(sink.write_at(0, as_bytes(data)));
  CHECK(integrity.commit_dump(std::move(file)));
  CHECK(integrity.verified() == std::string("none"));
  CHECK(integrity.check_dump(0, machine.console));
  REQUIRE(integrity.manifest().entries().size() == 1);
  CHECK(integrity.manifest().entries()[0].sha256 == sha256_of(as_bytes(data)));
}

TEST_CASE("what was written as meant is found so, whole and in samples; its sum is sha256sum's") {
  for (const size_t size : {200'000u, 1u << 20, (5u << 20) + 12'345, 40u << 20}) {
    CAPTURE(size);
    WrittenDump dump(size, Verify::automatic);
    CHECK(dump.commit());
    CHECK(dump.is_committed);
    CHECK(dump.integrity.verified() == std::string("sample"));
    const std::string content = dump.written.content;
    CHECK(dump.check());
    CHECK(dump.integrity.verified() == std::string("all"));
    REQUIRE(dump.integrity.manifest().entries().size() == 1);
    CHECK(dump.integrity.manifest().entries()[0].sha256 == sha256_of(as_bytes(content)));
  }
}

TEST_CASE("a bit that is another one is found: in the header before the dump gets its name") {
  for (const size_t at : {5u, 450u, 5001u, 50'000u, 150'000u, (3u << 20) + 7}) {
    CAPTURE(at);
    WrittenDump dump((3u << 20) + 8);
    dump.written.content[at] = static_cast<char>(dump.written.content[at] ^ 0x10);
    const auto saved = dump.commit();
    REQUIRE(!saved);
    CHECK(saved.error().kind == Kind::corrupt);
  }
}

TEST_CASE("damage that no sample has seen is found when all is read: it is called vmcore no more") {
  struct Row {
    const char* remark;
    void (*harm)(MemoryFile&);
  };
  constexpr size_t kUnseen = (1u << 20) + 99;  // sixteen chunks of a hundred are looked at
  const Row rows[] = {{"# vmcore-incomplete is DAMAGED: what is read back is not",
                       [](MemoryFile& file) { file.content[kUnseen] ^= 1; }},
                      {"# vmcore is DAMAGED: what is read back is not",
                       [](MemoryFile& file) {
                         file.content[kUnseen] ^= 1;
                         file.name_stays = true;
                       }},
                      {"# vmcore-incomplete is DAMAGED: a part of it cannot be read back: I/O",
                       [](MemoryFile& file) {
                         file.bad = {kUnseen, kUnseen + 1};
                       }}};
  for (const Row& row : rows) {
    CAPTURE(row.remark);
    WrittenDump dump(100u << 20);
    row.harm(dump.written);
    const bool name_stays = dump.written.name_stays;
    CHECK(dump.commit());
    CHECK(dump.is_committed);
    const auto sound = dump.check();
    REQUIRE(!sound);
    CHECK(sound.error().kind == Kind::corrupt);
    CHECK(dump.is_committed == name_stays);
    CHECK(dump.integrity.manifest().entries().empty());
    CHECK(dump.integrity.manifest().text().starts_with(row.remark));
  }
}

TEST_CASE("a read that fails once, or a disk that has gone, takes no dump back") {
  for (const bool heals : {true, false}) {
    CAPTURE(heals);
    WrittenDump dump(3u << 20);
    CHECK(dump.commit());
    dump.written.bad = {0, 3u << 20};
    dump.written.heals = heals;
    CHECK(dump.check());
    CHECK(dump.is_committed);
    CHECK(dump.integrity.manifest().entries().size() == (heals ? 1 : 0));
  }
}

TEST_CASE("a dump that cannot be read back is saved, and not called verified") {
  WrittenDump dump(3u << 20);
  dump.written.is_write_only = true;
  CHECK(dump.commit());
  CHECK(dump.is_committed);
  CHECK(dump.check());
  CHECK(dump.is_committed);
  CHECK(dump.integrity.verified() == std::string("none"));
  CHECK(dump.integrity.manifest().text() == "# vmcore is not listed: permission denied\n");
}

TEST_CASE("reading back ends where the job is to end, and the dump stays saved") {
  for (const bool is_asked_to_stop : {false, true}) {
    CAPTURE(is_asked_to_stop);
    const StopRequest request;
    WrittenDump dump(100u << 20);
    CHECK(dump.commit());
    int reads = 0;
    dump.written.before_read = [&] {
      ++reads;
      is_asked_to_stop ? void(raise(SIGTERM)) : dump.machine.sys.sleep_ms(10'000);
    };
    CHECK(dump.check());
    CHECK(reads == (is_asked_to_stop ? 1 : 6));
    CHECK(dump.is_committed);
    CHECK(dump.integrity.verified() == std::string("sample"));
    CHECK(dump.integrity.manifest().text().starts_with(
        is_asked_to_stop ? "# vmcore is not listed: interrupted"
                         : "# vmcore is not listed: not done after 60 s (rd.kdump.limit)"));
  }
}

TEST_CASE("the sums of a file take no more memory however long it is") {
  ChunkSums sums;
  const std::string piece = noise(4096, 9);
  for (uint64_t i = 0; i < 100; ++i) sums.add(i * (1ull << 35) / 100 * 64 + 4096, as_bytes(piece));
  CHECK(sums.chunks() <= 4096);
  CHECK(sums.chunk_bytes() > 1 << 20);
}

TEST_CASE("a manifest is read as it was written, and nothing else is") {
  Manifest manifest;
  manifest.add("vmcore", std::string(64, 'a'));
  manifest.remark("report.json is not listed");
  const auto parsed = Manifest::parse(manifest.text());
  REQUIRE(parsed);
  REQUIRE(parsed->entries().size() == 1);
  CHECK(parsed->entries()[0].name == "vmcore");
  const std::string sum(64, '0');
  CHECK(Manifest::parse(sum + " *vmcore\n"));
  for (const std::string& bad :
       {sum + "  ../../etc/shadow\n", sum + "  /etc/shadow\n", sum + "  ..\n", sum + "  \n",
        sum + "  a\x1b[2J\n", sum + " vmcore\n", "\\" + sum + "  a\\nb\n", std::string("vmcore\n"),
        std::string(64, 'g') + "  vmcore\n"})
    CHECK(!Manifest::parse(bad));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += sum + "  f" + std::to_string(i) + "\n";
  CHECK(!Manifest::parse(many));
}
