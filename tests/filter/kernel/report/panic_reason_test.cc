// Why the kernel crashed, from its log.
#include "filter/kernel/report/panic_reason.h"

#include <doctest/doctest.h>

using namespace kdump;

namespace {

// Written a few bytes at a time, as a log comes.
std::string reason_of(std::string_view log, size_t step = 5) {
  PanicReason reason;
  for (size_t at = 0; at < log.size(); at += step) {
    const std::string_view part = log.substr(at, step);
    CHECK(reason.write_at(at, {reinterpret_cast<const uint8_t*>(part.data()), part.size()}));
  }
  return reason.take();
}

}  // namespace

TEST_CASE("the panic's message counts, also after an oops") {
  constexpr std::string_view kLog =
      "[    1.000000] Linux version 6.1.0\n"
      "[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
      "[   12.345679] Oops: 0002 [#1] PREEMPT SMP PTI\n"
      "[   12.345680] Kernel panic - not syncing: sysrq triggered crash\n"
      "[   12.345681] Kernel panic - not syncing: another\n";
  for (size_t step = 1; step < 80; ++step) CHECK(reason_of(kLog, step) == "sysrq triggered crash");
}

TEST_CASE("without a panic the first oops counts") {
  CHECK(reason_of("[    1.0] fine\n[    2.0] BUG: bad page state\n[    3.0] Oops: 0000\n") ==
        "BUG: bad page state");
  CHECK(reason_of("[    2.0] kernel BUG at mm/slub.c:305!\n") == "kernel BUG at mm/slub.c:305!");
}

TEST_CASE("a log that says nothing, has no times or does not end gives what it has") {
  CHECK(reason_of("").empty());
  CHECK(reason_of("[    1.0] debug: BUGs: none\n").empty());
  CHECK(reason_of("Kernel panic - not syncing: no times") == "no times");
  CHECK(reason_of("[never closed Kernel panic - not syncing: x\n").empty());
  CHECK(reason_of("Oops: " + std::string(100'000, 'x')).size() <= 1024);
}
