// Sections, page tables and struct pages of which a part is random, all ones, all zeros or a lie:
// it costs the pages that it describes, and never the dump. Random numbers come from a fixed seed.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <random>

#include "filter/pages/plan.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

// Page frames 0 to 2047 are the machine's, above them lies the kernel's data. Sections have 256.
constexpr uint64_t kDescribed = 2048, kSection = 256;
const char* const kMachine =
    "\npage 256 free order=8\npage 512 anon order=4\npage 600 cache count=10\npage 700 slab\n"
    "page 800 cache_private count=4\npage 1024 hugetlb order=9\npage 1600 kernel order=3\n";
const char* const kKernels[] = {"x86_64-6.1", "x86_64-6.7", "x86_64-6.12", "x86_64-7.1"};

using Classes = std::vector<PageClass>;

Classes look_at(const TextCore& core, std::string* warnings = nullptr) {
  const auto vmcore = core.open();
  Silent progress;
  const auto plan = make_plan(*vmcore, progress);
  REQUIRE(plan);
  CHECK(plan->ram_pages() == 3072);
  if (warnings)
    for (const std::string& warning : plan->warnings) *warnings += warning + "\n";
  const auto window = std::make_unique<WindowClasses>();
  WindowScan(*vmcore).scan({0}, *window);
  return {window->begin(), window->begin() + 3072};
}

bool is_dropped(PageClass page_class) { return excluded(page_class, kMaxLevel); }

// How many pages of [first, first + count) are left out of one that the other keeps.
uint64_t lost(const Classes& sound, const Classes& corrupt, uint64_t first, uint64_t count) {
  uint64_t pages = 0;
  for (uint64_t pfn = first; pfn < first + count; ++pfn)
    pages += is_dropped(corrupt[pfn]) && !is_dropped(sound[pfn]);
  return pages;
}

uint64_t lost_outside(const Classes& sound, const Classes& corrupt, uint64_t first,
                      uint64_t count) {
  return lost(sound, corrupt, 0, sound.size()) - lost(sound, corrupt, first, count);
}

void fill(TextCore& core, uint64_t pfn, uint64_t count, const std::function<uint64_t()>& word) {
  const auto size = static_cast<uint64_t>(core.keys().number("SIZE(page)"));
  for (uint64_t i = 0; i < count; ++i)
    for (uint64_t at = 0; at < size; at += 8)
      core.image().put(core.tables().struct_page_paddr(pfn + i) + at, word());
}

}  // namespace

TEST_CASE("random struct pages are not believed, and cost no other page") {
  for (const std::string kernel : kKernels) {
    std::mt19937_64 random(20261121);
    for (unsigned round = 0; round < 12; ++round) {
      CAPTURE(kernel);
      CAPTURE(round);
      TextCore core("kernel " + kernel + kMachine);
      const Classes sound = look_at(core);
      // A few struct pages; a page of them; a section of them.
      const uint64_t count = round % 3 == 0 ? 4 : round % 3 == 1 ? 64 : kSection;
      const uint64_t first = random() % (kDescribed / count) * count;
      fill(core, first, count, [&] { return random(); });
      core.rewrite();
      const Classes corrupt = look_at(core);
      CHECK(lost_outside(sound, corrupt, first, count) == 0);
      // Random bytes pass for a page that can go once in fifty times; none of a whole section do.
      CHECK(lost(sound, corrupt, first, count) <= (count == kSection ? 0 : 2 + count / 16));
    }
  }
}

TEST_CASE("struct pages of ones or of zeros keep their pages, and cost no other page") {
  for (const std::string kernel : kKernels)
    for (const uint64_t word : {uint64_t{0}, ~uint64_t{0}})
      for (uint64_t first = 0; first < kDescribed; first += 128) {
        CAPTURE(kernel);
        CAPTURE(word);
        CAPTURE(first);
        TextCore core("kernel " + kernel + kMachine);
        const Classes sound = look_at(core);
        fill(core, first, 64, [&] { return word; });
        core.rewrite();
        const Classes corrupt = look_at(core);
        CHECK(lost(sound, corrupt, 0, sound.size()) == 0);
        for (uint64_t pfn = first; pfn < first + 64; ++pfn) REQUIRE(!is_dropped(corrupt[pfn]));
      }
}

TEST_CASE("a struct page that says free and is not keeps its page and all behind it") {
  struct Lie {
    const char* field;
    uint64_t value;
    size_t bytes;
  };
  for (const std::string kernel : kKernels)
    for (const Lie lie : {Lie{"page._refcount", 1, 4}, Lie{"page._refcount", ~0ull, 4},
                          Lie{"page.mapping", 0x00007f0012345000, 8}, Lie{"page.mapping", 0x400, 8},
                          Lie{"page.private", 64, 8}, Lie{"page.private", ~0ull, 8}}) {
      CAPTURE(kernel);
      CAPTURE(lie.field);
      TextCore core("kernel " + kernel + kMachine);
      core.pages().encode({.pfn = 1792, .kind = "free"});
      core.pages().set_field(1792, "page.private", 8);  // over pages that are the kernel's
      core.pages().set_field(1792, lie.field, lie.value, lie.bytes);
      core.rewrite();
      const Classes pages = look_at(core);
      for (uint64_t pfn = 1792; pfn < kDescribed; ++pfn) REQUIRE(pages[pfn] == PageClass::other);
    }
}

TEST_CASE("one head at page frame 0 that claims everything gets only what points to it") {
  for (const std::string kernel : kKernels)
    for (const char* kind : {"anon", "hugetlb", "cache"}) {
      CAPTURE(kernel);
      CAPTURE(kind);
      TextCore core("kernel " + kernel + kMachine);
      const Classes sound = look_at(core);
      core.pages().encode({.pfn = 0, .kind = kind, .order = 1});
      if (core.keys().has("OFFSET(page.compound_order)"))
        core.pages().set_field(1, "page.compound_order", 22, 1);
      else
        core.pages().set_field(1, "page.flags",
                               (core.pages().field(1, "page.flags") & ~0xffull) | 22);
      core.rewrite();
      const Classes pages = look_at(core);
      CHECK(lost(sound, pages, 2, sound.size() - 2) == 0);
    }
}

TEST_CASE("free blocks that overlap each other or begin askew cost nothing that is in use") {
  for (const std::string kernel : kKernels) {
    std::mt19937_64 random(7);
    for (unsigned round = 0; round < 8; ++round) {
      CAPTURE(kernel);
      CAPTURE(round);
      TextCore core("kernel " + kernel + kMachine);
      const Classes sound = look_at(core);
      std::vector<uint64_t> heads;
      for (unsigned i = 0; i < 12; ++i) {
        const uint64_t pfn = random() % kDescribed;
        core.pages().encode({.pfn = pfn, .kind = "free"});
        core.pages().set_field(pfn, "page.private", random() % 12);
        heads.push_back(pfn);
      }
      core.rewrite();
      const Classes pages = look_at(core);
      for (const uint64_t head : heads) CAPTURE(head);
      // Only they themselves may go: what they cover is in use.
      CHECK(lost(sound, pages, 0, sound.size()) <= heads.size());
    }
  }
}

TEST_CASE("garbage in the section table costs the pages of its sections") {
  for (const std::string kernel : kKernels)
    for (const char* sections : {"sections root_table", "sections flat", "sections pointer",
                                 "sections root_table direct"}) {
      std::mt19937_64 random(11);
      for (unsigned round = 0; round < 6; ++round) {
        CAPTURE(kernel);
        CAPTURE(sections);
        CAPTURE(round);
        TextCore core("kernel " + kernel + "\n" + sections + kMachine);
        const Classes sound = look_at(core);
        const uint64_t section = random() % (kDescribed / kSection);
        // Random; or user memory, of which the struct pages of another section are the worst case.
        const uint64_t other = (section + 1) % (kDescribed / kSection) * kSection;
        const uint64_t entry = round % 2
                                   ? random() | 1
                                   : (core.tables().struct_page_vaddr(other) & ~uint64_t{4095}) -
                                         section * kSection * 64 + 0xf;
        core.image().put(core.tables().section_entry_paddr(section * kSection), entry);
        core.rewrite();
        std::string warnings;
        const Classes corrupt = look_at(core, &warnings);
        CHECK(lost(sound, corrupt, 0, sound.size()) == 0);
        for (uint64_t i = 0; i < kSection; ++i)
          REQUIRE(!is_dropped(corrupt[section * kSection + i]));
        CHECK(warnings.find("256 page frames have no readable or valid struct page") !=
              std::string::npos);
      }
    }
}

TEST_CASE("garbage in a page table costs the pages whose struct pages it maps") {
  for (const std::string kernel : kKernels) {
    std::mt19937_64 random(13);
    for (unsigned round = 0; round < 12; ++round) {
      CAPTURE(kernel);
      CAPTURE(round);
      TextCore core("kernel " + kernel + kMachine);
      const Classes sound = look_at(core);
      const uint64_t first = random() % (kDescribed / 64) * 64;
      // Beyond the dump; or in it, where there are other things than struct pages: zeros here.
      const uint64_t paddr = round % 2 ? random() & 0x000ffffffffff000 : random() % 2000 << 12;
      core.tables().map(core.tables().struct_page_vaddr(first), paddr, 4096);
      core.rewrite();
      const Classes corrupt = look_at(core);
      CHECK(lost(sound, corrupt, 0, sound.size()) == 0);
    }
  }
}

}  // namespace kdump
