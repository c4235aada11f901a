// The values that kernel arguments and options share.
#include "init/capture/values.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace kdump;

TEST_CASE("a level list is read in order") {
  CHECK(parse_levels("31").value() == std::vector<uint32_t>{31});
  CHECK(parse_levels("0").value() == std::vector<uint32_t>{0});
  CHECK(parse_levels("17,31,0").value() == std::vector<uint32_t>{17, 31, 0});
}

TEST_CASE("a bad level list is refused with the part that is bad") {
  for (const char* text : {"", ",", "31,", ",31", "32", "-1", "+1", " 1", "1 ", "0x1f", "31;0",
                           "4294967327", "99999999999999999999", "1,,2", "1,2,3,4,5,6,7,8,9"}) {
    CAPTURE(text);
    const auto levels = parse_levels(text);
    REQUIRE(!levels);
    CHECK(levels.error().kind == Kind::refused);
  }
  CHECK(strstr(parse_levels("31,77").error().text, "'77' is not a dump level"));
}

TEST_CASE("formats and compressions are read back from their names") {
  for (const char* name : {"kdump", "elf"})
    CHECK(format_name(parse_format(name).value()) == std::string(name));
  for (const char* name : {"none", "auto", "zstd:3", "zstd:0", "zstd:-5", "zstd:22"})
    CHECK(compression_name(parse_compression(name).value()) == name);
  CHECK(compression_name(parse_compression("zstd").value()) == "zstd:1");
}

TEST_CASE("bad formats and compressions are refused") {
  for (const char* text : {"", "ELF", "kdump ", "lzo"}) CHECK(!parse_format(text));
  for (const char* text : {"", "lzo", "zstd:", "zstd:23", "zstd:-101", "zstd:1x",
                           "zstd:99999999999", "none:1", "auto:1"})
    CHECK(!parse_compression(text));
}

TEST_CASE("seconds and numbers keep to their bounds") {
  CHECK(parse_seconds("1", 1, 86400).value() == 1);
  CHECK(parse_seconds("86400", 1, 86400).value() == 86400);
  for (const char* text : {"", "0", "86401", "-1", "1s", "1.5", "18446744073709551617"}) {
    CAPTURE(text);
    CHECK(!parse_seconds(text, 1, 86400));
    CHECK(!parse_number(text, 1, 86400));
  }
}

TEST_CASE("an endless value is quoted only in part") {
  const std::string garbage(100'000, 'x');
  CHECK(strlen(parse_format(garbage).error().text) < 120);
}
