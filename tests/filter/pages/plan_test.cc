// The counting pass and the selection that follows it: exact counts, segments, bitmaps that agree,
// counts that cannot be, and memory that does not grow with the machine.
#include "filter/pages/plan.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>

#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

struct Watched final : Progress {
  void update(Phase phase, uint64_t done, uint64_t total, uint64_t) override {
    CHECK(phase == Phase::plan);
    CHECK(done >= last);
    CHECK(done <= total);
    last = done;
    ++updates;
  }
  uint64_t last = 0, updates = 0;
};

uint64_t pages_of(const Plan& plan, PageClass page_class) {
  return plan.pages_by_class[static_cast<size_t>(page_class)];
}

// What the writers would dump at a level.
uint64_t count_selected(PageSelection& selection) {
  auto ram = std::make_unique<PageBits>(), kept = std::make_unique<PageBits>();
  uint64_t pages = 0;
  for (uint64_t first = 0; first < selection.end_pfn().value; first += kWindowPages) {
    REQUIRE(selection.select({first}, *ram, *kept));
    for (size_t i = 0; i < kept->size(); ++i) {
      REQUIRE(((*kept)[i] & ~(*ram)[i]) == 0);
      pages += static_cast<uint64_t>(__builtin_popcount((*kept)[i]));
    }
  }
  return pages;
}

uint64_t anonymous_kib() {
  FILE* status = fopen("/proc/self/status", "r");
  char line[256];
  unsigned long long kib = 0;
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, "RssAnon:", 8) == 0) sscanf(line + 8, "%llu", &kib);
  if (status) fclose(status);
  return kib;
}

}  // namespace

TEST_CASE("the plan counts what the selection selects, at every level, from memory or anew") {
  const TextCore core(
      "kernel x86_64-6.12\nload 0x100000 0x10000 0x10000 0xffffffff81000000\n"
      "load 0x40000000 0x200000 0x200000 0xffff888040000000\n"
      "page 256 free order=8\npage 512 anon order=4\npage 600 cache count=10\npage 800 slab\n"
      "page 801 cache_private poisoned\npage 802 offline\npage 1024 hugetlb order=9\n");
  const auto vmcore = core.open();
  Watched progress;
  for (uint32_t level = 0; level <= kMaxLevel; ++level) {
    CAPTURE(level);
    PageSelection planned(*vmcore, level), anew(*vmcore, level);
    progress.last = 0;
    const auto plan = make_plan(*vmcore, progress, &planned);
    REQUIRE(plan);
    CHECK(plan->ram_pages() == vmcore->memory().ram_pages());
    CHECK(count_selected(planned) == plan->kept_pages(level));
    CHECK(count_selected(anew) == plan->kept_pages(level));
    CHECK(count_selected(anew) == plan->kept_pages(level));  // again, now remembered
  }
  CHECK(progress.updates >= 2 * (kMaxLevel + 1));
}

TEST_CASE("a page that must not be touched is never read, not even where a gap is bridged") {
  const TextCore core(
      "kernel x86_64-6.12\nload 0x100000 0x10000 0x10000 0xffffffff81000000\n"
      "load 0x40000000 0x200000 0x200000 0xffff888040000000\n"
      "page 800 slab\npage 801 cache poisoned\npage 802 offline\npage 803 cache\n");
  const auto vmcore = core.open();
  Watched progress;
  auto ram = std::make_unique<PageBits>(), kept = std::make_unique<PageBits>();
  for (const bool is_planned : {true, false}) {
    CAPTURE(is_planned);
    PageSelection selection(*vmcore, 31);
    if (is_planned) REQUIRE(make_plan(*vmcore, progress, &selection));
    progress.last = 0;
    REQUIRE(selection.select({0}, *ram, *kept));
    std::vector<uint8_t> pages(4 * 4096, 1), readable(4);
    const uint64_t before = vmcore->memory().bytes_read();
    selection.read_pages({800}, pages, readable);
    CHECK(readable == std::vector<uint8_t>{1, 0, 0, 1});
    CHECK(vmcore->memory().bytes_read() == before + 2 * 4096);
    CHECK(pages[4096] == 0);
  }
}

TEST_CASE("segments are runs of kept pages, short gaps bridged, holes and long gaps not") {
  // Kept | 512 free | kept | 100 free | kept; a hole; kept.
  const TextCore core(
      "kernel x86_64-6.1\nload 0x1000000 0x1000 0x1000 0xffff888001000000\n"
      "page 512 free order=9\npage 1100 cache count=100\n");
  const auto vmcore = core.open();
  Watched progress;
  const auto plan = make_plan(*vmcore, progress);
  REQUIRE(plan);
  CHECK(plan->elf_segments[0] == 2);
  CHECK(plan->elf_segments[kLevelCache] == 2);
  CHECK(plan->elf_segments[kLevelFree] == 3);
  CHECK(plan->elf_segments[kLevelFree | kLevelZero] == 3);
  CHECK(plan->elf_segments[kMaxLevel] == 3);
}

TEST_CASE("counts that no running kernel has are not believed: every page is kept") {
  TextCore core("kernel x86_64-6.1\nram 0 80M\ndata 64M\npaging 4 large_leaves\n");
  for (uint64_t pfn = 0; pfn < 80u << 8; pfn += 1024)
    core.pages().encode({.pfn = pfn, .kind = "free", .order = 10});
  core.rewrite();
  const auto vmcore = core.open();
  struct Silent final : Progress {  // it is counted twice
    void update(Phase, uint64_t, uint64_t, uint64_t) override {}
  } silent;
  PageSelection selection(*vmcore, kMaxLevel);
  const auto plan = make_plan(*vmcore, silent, &selection);
  REQUIRE(plan);
  CHECK(pages_of(*plan, PageClass::other) == 80u << 8);
  REQUIRE(plan->warnings.size() == 1);
  CHECK(plan->warnings[0].find("every page is kept: implausible page counts: only 0 of 20480") !=
        std::string::npos);
  CHECK(count_selected(selection) == 80u << 8);
}

TEST_CASE("a machine without any free page gives a warning, and its pages are kept") {
  const TextCore core(
      "kernel x86_64-6.1\nram 0 80M\ndata 64M\npaging 4 large_leaves\npage 256 slab count=256\n");
  const auto vmcore = core.open();
  Watched progress;
  const auto plan = make_plan(*vmcore, progress);
  REQUIRE(plan);
  CHECK(plan->kept_pages(kMaxLevel) == 80u << 8);
  REQUIRE_FALSE(plan->warnings.empty());
  CHECK(plan->warnings.back().find("PAGE_BUDDY_MAPCOUNT_VALUE") != std::string::npos);
}

TEST_CASE("a window that is not asked for at its beginning is refused") {
  const TextCore core("kernel x86_64-6.1\n");
  const auto vmcore = core.open();
  auto ram = std::make_unique<PageBits>(), kept = std::make_unique<PageBits>();
  PageSelection selection(*vmcore, 0);
  CHECK_FALSE(selection.select({1}, *ram, *kept));
}

TEST_CASE("what lies between two pieces of memory costs no time, however far they are apart") {
  // 2 MiB at the end of what can be addressed: four million windows lie before it.
  const TextCore core(
      "kernel x86_64-6.1\nload 0xfffffffe00000 0x200000 0x200000 0xffff908000000000\nram 0 12M\n");
  const auto vmcore = core.open();
  CHECK(vmcore->end_pfn().value == 1ull << 40);
  Watched progress;
  PageSelection selection(*vmcore, kMaxLevel);
  const auto plan = make_plan(*vmcore, progress, &selection);
  REQUIRE(plan);
  CHECK(plan->ram_pages() == 3072 + 512);
  CHECK(progress.updates == 3);  // two windows, and the end
  CHECK(selection.next_window({0}) == Pfn{0});
  CHECK(selection.next_window({kWindowPages}) == Pfn{(1ull << 40) - kWindowPages});
  CHECK(selection.next_window({1ull << 40}) == Pfn{1ull << 40});
}

TEST_CASE("memory does not grow with the machine") {
  // 256 GiB, nearly all of it without struct pages: a sparse file, a bitmap too large to hold.
  const TextCore core(
      "kernel x86_64-6.1\nload 0x100000000 0x3f00000000 "
      "0x3f00000000 0xffff888100000000\nram 0 12M\npaging 4 large_leaves\npage 256 slab "
      "count=256\n");
  const auto vmcore = core.open();
  const uint64_t before = anonymous_kib();
  Watched progress;
  PageSelection selection(*vmcore, kMaxLevel);
  const auto plan = make_plan(*vmcore, progress, &selection);
  REQUIRE(plan);
  CHECK(plan->ram_pages() == (0x3f00000000 >> 12) + 3072);
  CHECK(progress.updates >= 250);  // one a window of its memory
  // Sanitizers keep books of their own; the engine itself takes some hundred KiB.
  CHECK(anonymous_kib() - before < 8192);
}

}  // namespace kdump
