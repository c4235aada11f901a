// The names of crash directories, out of hostile memory.
#include "init/capture/report/crash_name.h"

#include <doctest/doctest.h>

#include "init/capture/report/human_size.h"

using namespace kdump;

TEST_CASE("a crash is named by host and time") {
  CHECK(crash_directory_name("web-1.example", 1'795'231'291, 0) ==
        "web-1.example-2026-11-21-03:21:31");
}

TEST_CASE("a host name is reduced to harmless characters") {
  CHECK(safe_host("(none)") == "none");
  CHECK(safe_host("../../etc") == "etc");
  CHECK(safe_host("..") == "localhost");
  CHECK(safe_host("-rf") == "rf");
  CHECK(safe_host("") == "localhost");
  CHECK(safe_host("a/b\n\xc3\xa4:c") == "abc");
  CHECK(safe_host(std::string(65, 'x')) == std::string(64, 'x'));
  CHECK(safe_host(std::string_view("a\0b", 3)) == "ab");
}

TEST_CASE("a crash time that cannot be is replaced by now") {
  for (const int64_t bad :
       {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX, int64_t{253'402'300'800}})
    CHECK(crash_directory_name("h", bad, 86'400) == "h-1970-01-02-00:00:00");
  CHECK(crash_directory_name("h", 0, -5) == "h-1970-01-01-00:00:00");
  CHECK(crash_directory_name("h", 253'402'300'799, 0) == "h-9999-12-31-23:59:59");
}

TEST_CASE("times in reports are UTC") {
  CHECK(utc_time(1'795'231'291) == "2026-11-21T03:21:31Z");
  CHECK(utc_time(0).empty());
}

TEST_CASE("sizes are rounded down to three digits or so") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(1023) == "1023 B");
  CHECK(human_size(1024) == "1.0 KiB");
  CHECK(human_size(1536) == "1.5 KiB");
  CHECK(human_size(31 * 1048576 + 800'000) == "31.7 MiB");
  CHECK(human_size(512ull << 20) == "512 MiB");
  CHECK(human_size(UINT64_MAX) == "15.9 EiB");
}
