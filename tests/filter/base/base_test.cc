// The shared leaf: errors as values, bytes, owners, files over the real kernel.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "filter/base/bytes.h"
#include "filter/base/file.h"
#include "filter/base/owned.h"
#include "filter/base/result.h"

namespace kdump {
namespace {

struct TempDir {
  char path[32] = "/tmp/base_test.XXXXXX";
  TempDir() { REQUIRE(::mkdtemp(path) != nullptr); }
  ~TempDir() {
    for (const char* name : {"a", "b"}) ::unlink((std::string(path) + "/" + name).c_str());
    ::rmdir(path);
  }
  std::string operator/(const char* name) const { return std::string(path) + "/" + name; }
};

TEST_CASE("an error names the system's reason and what was being done") {
  const Result<> failed = fail_errno(ENOSPC, "write %s at offset %#x", "/crash/vmcore", 0x1000);
  REQUIRE(!failed);
  CHECK(failed.error().kind == Kind::no_space);
  CHECK(failed.error().sys_errno == ENOSPC);
  CHECK(std::string(failed.error().text) ==
        "write /crash/vmcore at offset 0x1000: No space left on device");
}

TEST_CASE("wrapping puts the outer text in front and keeps kind and errno") {
  const Result<> inner = fail_errno(EIO, "read block 7");
  const Result<> outer = wrap(inner.error(), "journal of %s", "sda1");
  CHECK(std::string(outer.error().text).starts_with("journal of sda1: read block 7: "));
  CHECK(outer.error().kind == Kind::io);
  CHECK(outer.error().sys_errno == EIO);
}

TEST_CASE("a text too long for an error is cut, not overflowed, however often it is wrapped") {
  const std::string name(500, 'x');
  Error error = Result<>(fail(Kind::corrupt, "%s", name.c_str())).error();
  for (int depth = 0; depth < 5; ++depth) error = Result<>(wrap(error, "%s", name.c_str())).error();
  CHECK(strlen(error.text) == sizeof error.text - 1);
}

Result<int> half_of(int value) {
  if (value % 2 != 0) return fail(Kind::refused, "%d is odd", value);
  return value / 2;
}

Result<int> quarter_of(int value) {
  const int half = TRY(half_of(value));
  return TRY(half_of(half));
}

TEST_CASE("TRY hands on a value, or returns the first error") {
  CHECK(quarter_of(12).value() == 3);
  CHECK(std::string(quarter_of(6).error().text) == "3 is odd");
}

TEST_CASE("a byte reader never passes its end, and says where it was") {
  const std::array<uint8_t, 6> data{1, 0, 0, 0, 2, 3};
  ByteReader reader(data, "note");
  CHECK(reader.take<uint32_t>().value() == 1);
  CHECK(reader.left() == 2);
  const auto beyond = reader.take<uint32_t>();
  REQUIRE(!beyond);
  CHECK(std::string(beyond.error().text) == "note: need 4 bytes at offset 4, 2 left");
  CHECK(!reader.take(UINT64_MAX));
  CHECK(reader.take(2).value()[1] == 3);
}

struct Counter {
  using Handle = int;
  static constexpr int kNone = -1;
  static inline int released = 0;
  static void release(int) { ++released; }
};

TEST_CASE("an owner releases its handle once, in its last holder, and never a taken handle") {
  Counter::released = 0;
  {
    Owned<Counter> first(3);
    Owned<Counter> second(std::move(first));
    CHECK(!first);
    CHECK(second.get() == 3);
    second = Owned<Counter>(4);
    CHECK(Counter::released == 1);
  }
  CHECK(Counter::released == 2);
  CHECK(Owned<Counter>(5).take() == 5);
  CHECK(Counter::released == 2);
}

TEST_CASE("a file is written with gaps of zeros, read back, and reports where it ends") {
  const TempDir dir;
  File file = File::open(real_sys(), dir / "a", O_RDWR | O_CREAT | O_EXCL).value();
  const std::array<uint8_t, 2> tail{8, 9};
  REQUIRE(file.write_at(10, tail));
  REQUIRE(file.sync());
  CHECK(file.size().value() == 12);
  std::array<uint8_t, 4> back{1, 1, 1, 1};
  REQUIRE(file.read_at(8, back));
  CHECK(back == std::array<uint8_t, 4>{0, 0, 8, 9});
  const auto beyond = file.read_at(10, back);
  REQUIRE(!beyond);
  CHECK(beyond.error().kind == Kind::corrupt);
  CHECK(std::string(beyond.error().text).ends_with("ends at offset 0xc, 2 bytes too early"));
}

TEST_CASE("a new name never replaces a file that is there") {
  const TempDir dir;
  (void)File::open(real_sys(), dir / "a", O_RDWR | O_CREAT).value();
  (void)File::open(real_sys(), dir / "b", O_RDWR | O_CREAT).value();
  CHECK(real_sys().rename_new((dir / "a").c_str(), (dir / "b").c_str()) == -EEXIST);
  ::unlink((dir / "b").c_str());
  CHECK(real_sys().rename_new((dir / "a").c_str(), (dir / "b").c_str()) == 0);
}

TEST_CASE("a small file is read whole, and one that is too large is refused, not cut") {
  const TempDir dir;
  File file = File::open(real_sys(), dir / "a", O_RDWR | O_CREAT).value();
  REQUIRE(file.write_at(0, Bytes(reinterpret_cast<const uint8_t*>("hello"), 5)));
  CHECK(read_small_file(real_sys(), dir / "a", 5).value() == "hello");
  CHECK(read_small_file(real_sys(), dir / "a", 4).error().kind == Kind::refused);
  CHECK(read_small_file(real_sys(), dir / "b", 4).error().sys_errno == ENOENT);
  CHECK(!read_small_file(real_sys(), "/proc/self/status", 1 << 16).value().empty());
}

}  // namespace
}  // namespace kdump
