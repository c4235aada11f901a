// Peak memory from /proc/self/status.
#include "init/capture/memory_use.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace kdump;

TEST_CASE("anonymous pages and page tables are added") {
  CHECK(memory_in_status("Name:\tx\nVmPeak:\t 9 kB\nRssAnon:\t    1500 kB\nRssFile:\t 7 kB\n"
                         "VmPTE:\t     44 kB\n") == 1544 * 1024);
  CHECK(memory_in_status("Name:\tkthreadd\n") == 0);
  CHECK(memory_in_status("") == 0);
  CHECK(memory_in_status("\nVmPTE:") == 0);
}

TEST_CASE("the peak of this very process includes what it touched and gave back") {
  MemoryUse use{real_sys()};
  use.sample(0);
  const uint64_t before = use.peak_bytes();
  CHECK(before > 0);
  constexpr size_t kSize = 32 << 20;
  {
    std::vector<char> block(kSize, 1);
    asm volatile("" : : "r"(block.data()) : "memory");  // else a compiler may leave it out
    use.sample(1000);
  }
  use.sample(2000);
  CHECK(use.peak_bytes() >= before + kSize / 2);
}

TEST_CASE("this machine has a figure for available memory") {
  CHECK(memory_available(real_sys()) > 0);
}
