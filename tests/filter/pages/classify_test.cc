// What each kind of page is, on every layout of struct page, and what each dump level keeps of it.
#include <doctest/doctest.h>

#include "filter/pages/page_selection.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

const char* const kKernels[] = {"x86_64-4.19", "x86_64-5.4",          "x86_64-5.10", "x86_64-5.15",
                                "x86_64-6.1",  "x86_64-6.1-struct56", "x86_64-6.4",  "x86_64-6.7",
                                "x86_64-6.9",  "x86_64-6.12",         "x86_64-6.16", "x86_64-7.1"};

class Scanned {
 public:
  explicit Scanned(const TextCore& core) : vmcore_(core.open()) {
    WindowScan(*vmcore_).scan({0}, *classes_);
  }
  PageClass operator[](uint64_t pfn) const { return (*classes_)[pfn]; }
  // The class that all of them have; fails the test where they differ.
  PageClass all(uint64_t first, uint64_t count) const {
    for (uint64_t pfn = first; pfn < first + count; ++pfn) {
      CAPTURE(pfn);
      REQUIRE(page_class_name((*classes_)[pfn]) == page_class_name((*classes_)[first]));
    }
    return (*classes_)[first];
  }

 private:
  std::unique_ptr<Vmcore> vmcore_;
  std::unique_ptr<WindowClasses> classes_ = std::make_unique<WindowClasses>();
};

std::string of(const char* kernel) { return std::string("kernel ") + kernel + "\n"; }

// A kind of page, and the level bits that leave it out: kNever, none; kAlways, every level.
constexpr uint32_t kNever = 0, kAlways = 64;
struct KindRow {
  const char* kind;  // as PageRecipe has it
  unsigned order;
  uint32_t levels;
  bool poisoned = false;
  const char* type = nullptr;  // the page type's key, where not every kernel has it
};
constexpr KindRow kKinds[] = {
    {"kernel", 0, kNever},
    {"free", 0, kLevelFree},
    {"free", 3, kLevelFree},
    {"free", 8, kLevelFree},
    {"cache", 0, kLevelCache | kLevelCachePrivate},
    {"cache", 4, kLevelCache | kLevelCachePrivate},
    {"cache_private", 0, kLevelCachePrivate},
    {"swapcache", 0, kLevelCache | kLevelCachePrivate},
    {"swapcache_anon", 0, kLevelUser},
    {"owner_priv_1", 0, kNever},
    {"anon", 0, kLevelUser},
    {"anon", 8, kLevelUser},
    {"ksm", 0, kLevelUser},
    {"hugetlb", 8, kLevelUser},
    {"slab", 0, kNever},
    {"slab", 3, kNever},
    {"slab_like_anon", 0, kNever},
    {"kernel", 2, kNever},
    {"tail_of_nothing", 0, kNever},
    {"uninitialised", 0, kNever},
    {"kernel", 0, kAlways, true},
    {"cache", 0, kAlways, true},
    {"anon", 0, kAlways, true},
    {"free", 0, kAlways, true},
    {"offline", 0, kAlways, false, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)"},
    {"unaccepted", 9, kLevelFree, false, "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)"},
};

}  // namespace

TEST_CASE("every kind of page is kept or left out as its level bits say, on every layout") {
  for (const char* kernel : kKernels) {
    CAPTURE(kernel);
    TextCore core(of(kernel) + "ram 0 20M\ndata 16M\n");
    // Each kind at a separate page frame, aligned to its order, with the kernel's on both sides.
    std::vector<uint64_t> pfns;
    uint64_t next = 2;
    for (const KindRow& row : kKinds) {
      const uint64_t pages = 1ull << row.order, pfn = (next + pages - 1) / pages * pages;
      pfns.push_back(pfn);
      if (row.type && !core.keys().has(row.type)) continue;  // that kernel does not know it
      core.pages().encode(
          {.pfn = pfn, .kind = row.kind, .order = row.order, .poisoned = row.poisoned});
      next = pfn + pages + 1;
    }
    core.rewrite();
    const auto vmcore = core.open();
    auto ram = std::make_unique<PageBits>(), kept = std::make_unique<PageBits>();
    for (uint32_t level = 0; level <= kMaxLevel; ++level) {
      CAPTURE(level);
      REQUIRE(PageSelection(*vmcore, level).select({0}, *ram, *kept));
      PageBits expected{};
      for (uint32_t pfn = 0; pfn < vmcore->end_pfn().value; ++pfn) set_bit(expected, pfn);
      for (size_t i = 0; i < std::size(kKinds); ++i) {
        const KindRow& row = kKinds[i];
        if (row.type && !core.keys().has(row.type)) continue;
        for (uint64_t pfn = pfns[i]; pfn < pfns[i] + (1ull << row.order); ++pfn) {
          if (row.levels == kAlways || (level & row.levels))
            clear_bit(expected, static_cast<uint32_t>(pfn));
          CAPTURE(row.kind);
          CAPTURE(row.order);
          REQUIRE(test_bit(*kept, static_cast<uint32_t>(pfn)) ==
                  test_bit(expected, static_cast<uint32_t>(pfn)));
        }
      }
      REQUIRE(*kept == expected);
    }
  }
}

TEST_CASE("a higher level never adds pages") {
  for (uint32_t level = 0; level <= kMaxLevel; ++level)
    for (uint32_t bit = 1; bit <= kMaxLevel; bit <<= 1)
      for (unsigned i = 0; i < kPageClasses; ++i) {
        const auto page_class = static_cast<PageClass>(i);
        CHECK((!excluded(page_class, level) || excluded(page_class, level | bit)));
      }
}

TEST_CASE("a poisoned tail is left out, its folio kept") {
  for (const char* kernel : kKernels) {
    CAPTURE(kernel);
    TextCore core(of(kernel) + "page 512 kernel order=3\npage 520 anon order=3");
    core.pages().set_flag(517, "PG_hwpoison");
    core.pages().set_flag(525, "PG_hwpoison");
    core.rewrite();
    const Scanned pages(core);
    CHECK(pages[517] == PageClass::hwpoison);
    CHECK(pages.all(512, 5) == PageClass::other);
    CHECK(pages.all(518, 2) == PageClass::other);
    CHECK(pages[525] == PageClass::hwpoison);
    CHECK(pages.all(520, 5) == PageClass::user);
    CHECK(pages.all(526, 2) == PageClass::user);
  }
}

TEST_CASE("a poisoned head takes a whole hugetlb page, of which it cannot tell the broken part") {
  TextCore core(of("x86_64-6.12") + "page 512 hugetlb order=8 poisoned");
  CHECK(Scanned(core).all(512, 256) == PageClass::hwpoison);
}

TEST_CASE("a poisoned head takes itself alone away from slab and from folios") {
  for (const char* kernel : kKernels) {
    CAPTURE(kernel);
    TextCore core(of(kernel) + "page 512 slab order=3 poisoned\npage 520 cache order=2 poisoned");
    // Where page.mapping lies, slab has a list: that one is of a slab taken off it (LIST_POISON2).
    core.pages().set_field(512, "page.mapping", 0xdead'0000'0000'0122);
    core.rewrite();
    const Scanned pages(core);
    CHECK(pages[512] == PageClass::hwpoison);
    CHECK(pages.all(513, 7) == PageClass::slab);
    CHECK(pages[520] == PageClass::hwpoison);
    CHECK(pages.all(521, 3) == PageClass::cache);
  }
}

TEST_CASE("an invalid order is ignored") {
  for (const char* kernel : kKernels) {
    CAPTURE(kernel);
    {  // a free block whose page frame is not aligned to it
      TextCore core(of(kernel) + "page 257 free order=1");
      CHECK(Scanned(core).all(256, 4) == PageClass::other);
    }
    {  // a free block of more orders than the zone has
      TextCore core(of(kernel));
      core.pages().encode({.pfn = 0, .kind = "free"});
      core.pages().set_field(0, "page.private", 11);  // of 10 or 11
      core.rewrite();
      CHECK(Scanned(core).all(0, 64) == PageClass::other);
    }
    {  // a compound page whose page frame is not aligned to it
      TextCore core(of(kernel) + "page 258 anon order=2");
      const Scanned pages(core);
      CHECK(pages[258] == PageClass::user);
      CHECK(pages.all(259, 4) == PageClass::other);
    }
    {  // one corrupt head at page frame 0
      TextCore core(of(kernel) + "page 0 anon order=1");
      // Bytes of the order, wherever this kernel has it.
      for (const char* field : {"page.flags", "page.compound_head"}) {
        const uint64_t value = core.pages().field(1, field);
        core.pages().set_field(1, field, (value & ~0xffull) | 63 | (value & 1));
      }
      if (core.keys().has("OFFSET(page.compound_order)"))
        core.pages().set_field(1, "page.compound_order", 63, 1);
      if (core.keys().has("OFFSET(folio._folio_order)"))
        core.image().put(core.tables().struct_page_paddr(1) + 17, uint8_t{63});
      core.rewrite();
      const Scanned pages(core);
      CHECK(pages[0] == PageClass::user);
      CHECK(pages.all(1, 63) == PageClass::other);
    }
  }
}

TEST_CASE("a page in use inside a block that says it is free is kept, and what follows it") {
  TextCore core(of("x86_64-6.1") + "page 256 free order=8");
  core.pages().encode({.pfn = 300});
  core.rewrite();
  const Scanned pages(core);
  CHECK(pages.all(256, 44) == PageClass::free);
  CHECK(pages.all(300, 212) == PageClass::other);
}

TEST_CASE("a page that is no tail is not taken for one") {
  TextCore core(of("x86_64-6.1") + "page 512 anon order=8");
  core.pages().encode({.pfn = 600});
  core.rewrite();
  const Scanned pages(core);
  CHECK(pages.all(512, 88) == PageClass::user);
  CHECK(pages[600] == PageClass::other);
}

TEST_CASE("a hugetlb page with its vmemmap optimised is user memory to its end") {
  // HVO maps the struct pages of the tails to the first page of them: the head shows up again.
  TextCore core(of("x86_64-6.12") + "page 512 hugetlb order=8");
  for (uint64_t pfn = 576; pfn < 768; pfn += 64)
    core.tables().map(core.tables().struct_page_vaddr(pfn), core.tables().struct_page_paddr(512),
                      4096);
  core.rewrite();
  const Scanned pages(core);
  CHECK(pages.all(512, 256) == PageClass::user);
  CHECK(pages[768] == PageClass::other);
}

TEST_CASE("free blocks and compound pages go on in the next call") {
  TextCore core(of("x86_64-6.1") + "page 256 free order=8\npage 512 anon order=8");
  const auto vmcore = core.open();
  const PageLayout& layout = vmcore->mem_map()->layout();
  std::vector<uint8_t> pages;
  for (uint64_t pfn = 0; pfn < 1024; ++pfn) {
    std::array<uint8_t, 64> page;
    REQUIRE(vmcore->memory().read({core.tables().struct_page_paddr(pfn)}, page));
    pages.insert(pages.end(), page.begin(), page.end());
  }
  for (const size_t step : {2, 6, 64, 300, 1024}) {
    CAPTURE(step);
    ClassifyState state;
    std::vector<PageClass> out(1024);
    for (size_t at = 0; at < 1024; at += step) {
      const size_t count = std::min<size_t>(step, 1024 - at);
      REQUIRE(classify(Bytes(pages).subspan(at * 64, count * 64), {at}, layout, state,
                       std::span(out).subspan(at, count)));
    }
    for (size_t pfn = 0; pfn < 1024; ++pfn) {
      CAPTURE(pfn);
      CHECK(out[pfn] == (pfn < 256   ? PageClass::other
                         : pfn < 512 ? PageClass::free
                         : pfn < 768 ? PageClass::user
                                     : PageClass::other));
    }
  }
  ClassifyState state;
  std::vector<PageClass> out(2);
  CHECK_FALSE(classify(Bytes(pages).first(100), {0}, layout, state, out));
}

TEST_CASE("hugetlb is recognised by its destructor's address if there is no number for it") {
  TextCore core(of("x86_64-4.19") +
                "-NUMBER(HUGETLB_PAGE_DTOR)\nOFFSET(page.compound_order)=32\n"
                "SYMBOL(free_huge_page)=ffffffff81234560\npage 512 kernel order=8");
  core.pages().set_field(513, "page.compound_dtor", 0xffffffff81234560);
  core.pages().set_field(513, "page.compound_order", 8, 1);
  core.rewrite();
  CHECK(Scanned(core).all(512, 256) == PageClass::user);
}

}  // namespace kdump
