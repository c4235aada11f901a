// From vmcoreinfo to struct pages: keys, page tables, section tables, and what each missing or
// impossible one costs.
#include <doctest/doctest.h>

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/memory/mem_map.h"
#include "filter/pages/plan.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

std::array<uint64_t, kPageClasses> count(Vmcore& vmcore) {
  Silent progress;
  const auto plan = make_plan(vmcore, progress);
  REQUIRE(plan);
  return plan->pages_by_class;
}

uint64_t pages_of(const std::array<uint64_t, kPageClasses>& counts, PageClass page_class) {
  return counts[static_cast<size_t>(page_class)];
}

std::string all_warnings(const Vmcore& vmcore) {
  std::string out;
  for (const std::string& warning : vmcore.warnings()) out += warning + "\n";
  return out;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

Vmcoreinfo info_of(const char* text) {
  return Vmcoreinfo({reinterpret_cast<const uint8_t*>(text), strlen(text)}, 0);
}

const char* const kPages =
    "page 256 free order=8\npage 512 anon order=4\npage 600 cache count=10\npage 700 slab\n"
    "page 800 cache_private\npage 1024 hugetlb order=9\n";

void check_usual_counts(Vmcore& vmcore) {
  CHECK(all_warnings(vmcore) == "");
  const auto counts = count(vmcore);
  CHECK(pages_of(counts, PageClass::free) == 256);
  CHECK(pages_of(counts, PageClass::user) == 16 + 512);
  CHECK(pages_of(counts, PageClass::cache) == 10);
  CHECK(pages_of(counts, PageClass::cache_private) == 1);
}

}  // namespace

TEST_CASE("vmcoreinfo gives numbers in each of its forms, and nothing for what is malformed") {
  const Vmcoreinfo info = info_of(
      "OSRELEASE=6.1.0\nSYMBOL(prb)=ffffffff92464400\nSIZE(page)=64\nOFFSET(page.flags)=0\n"
      "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\nNUMBER(hex)=0xffff800000000000\nNUMBER(bad)=12x\n"
      "NUMBER(empty)=\nNUMBER(huge)=99999999999999999999\nLENGTH(mem_section)=2048\nPAGESIZE=4096\n"
      "KERNELOFFSET=10c00000\nSIZE(page)=56\nSIZE(pages)=1\nnonsense\n=\nSYMBOL(0x)=0x\n"
      "SYMBOL(_text)=0xffffffff81000000\nSYMBOL(last)=1");
  CHECK(info.value("OSRELEASE") == "6.1.0");
  CHECK(info.symbol("prb") == 0xffffffff92464400);
  CHECK(info.size("page") == 64);  // the first one
  CHECK(info.offset("page.flags") == 0);
  CHECK(info.number("PAGE_BUDDY_MAPCOUNT_VALUE") == -129);
  CHECK(info.number("hex") == static_cast<int64_t>(0xffff800000000000));
  CHECK_FALSE(info.number("bad"));
  CHECK_FALSE(info.number("empty"));
  CHECK_FALSE(info.number("huge"));
  CHECK_FALSE(info.number("absent"));
  CHECK(info.length("mem_section") == 2048);
  CHECK(info.decimal("PAGESIZE") == 4096);
  CHECK(info.hex("KERNELOFFSET") == 0x10c00000);
  CHECK(info.symbol("last") == 1);
  CHECK(info.symbol("_text") == 0xffffffff81000000);
  CHECK_FALSE(info.symbol("0x"));
  CHECK_FALSE(info.size("pag"));
  CHECK_FALSE(info.value("SIZE"));
  CHECK(Vmcoreinfo().empty());
}

TEST_CASE("every way to map memory and to keep sections leads to the same pages") {
  for (const char* paging :
       {"paging 4", "paging 5", "paging 4 large_leaves", "paging 5 large_leaves",
        "paging 4 encrypted", "paging 4 phys_base=4M", "paging 4 large_leaves phys_base=-2M"}) {
    for (const char* sections : {"sections root_table", "sections pointer", "sections flat",
                                 "sections root_table direct", "sections pointer direct",
                                 "sections root_table flags=0x3f", "sections pointer flags=0x3"}) {
      CAPTURE(paging);
      CAPTURE(sections);
      const TextCore core(std::string("kernel x86_64-6.1\nram 0 16M\n") + paging + "\n" + sections +
                          "\n" + kPages);
      const auto vmcore = core.open();
      check_usual_counts(*vmcore);
    }
  }
}

TEST_CASE("struct pages that straddle two leaves are put together") {
  TextCore core(
      "kernel x86_64-6.1-struct56\npage 72 free order=1\npage 74 anon order=1\npage 146 cache\n");
  // Neighbours in virtual memory, not in physical: the fourth page of them is moved.
  const uint64_t vaddr = core.tables().struct_page_vaddr(256) & ~uint64_t{4095};
  const uint64_t from = core.tables().struct_page_paddr(256) & ~uint64_t{4095}, to = 11u << 20;
  core.pages().encode({.pfn = 219, .kind = "anon"});  // begins in the page before
  for (uint64_t word = 0; word < 4096; word += 8)
    core.image().put(to + word, core.image().get<uint64_t>(from + word));
  core.tables().map(vaddr, to, 4096);
  core.rewrite();
  const auto vmcore = core.open();
  const auto counts = count(*vmcore);
  CHECK(pages_of(counts, PageClass::free) == 2);
  CHECK(pages_of(counts, PageClass::user) == 3);
  CHECK(pages_of(counts, PageClass::cache) == 1);
}

TEST_CASE("an address is translated with the bytes that its leaf has left") {
  const TextCore core("kernel x86_64-6.1\npaging 4 large_leaves\n");
  const auto vmcore = core.open();
  AddressSpace& space = vmcore->address_space();
  const auto direct = space.translate({0xffff888000123456});
  REQUIRE(direct);
  CHECK(direct->paddr.value == 0x123456);
  CHECK(direct->bytes == (1u << 30) - 0x123456);
  const auto image = space.translate({0xffffffff80200010});
  REQUIRE(image);
  CHECK(image->paddr.value == 0x200010);
  CHECK(image->bytes == (2u << 20) - 0x10);
  CHECK_FALSE(space.translate({0x0000800000000000}));  // not canonical
  CHECK_FALSE(space.translate({0xffffc90000000000}));  // not mapped
}

TEST_CASE("without page tables every page is kept, and the log's memory is found by PT_LOADs") {
  for (const char* broken : {"-SYMBOL(init_top_pgt)", "SYMBOL(init_top_pgt)=ffffffff80000000",
                             "NUMBER(pgtable_l5_enabled)=1", "NUMBER(phys_base)=12345678"}) {
    CAPTURE(broken);
    const TextCore core(std::string("kernel x86_64-6.1\n") + kPages + broken);
    const auto vmcore = core.open();
    CHECK(contains(all_warnings(*vmcore), "no page tables: "));
    CHECK(contains(all_warnings(*vmcore), "every page is kept: "));
    CHECK(vmcore->mem_map() == nullptr);
    const auto counts = count(*vmcore);
    CHECK(pages_of(counts, PageClass::other) == 3072);
    CHECK(vmcore->address_space().read<uint64_t>({0xffff888000000000}));
  }
}

TEST_CASE("without vmcoreinfo every page is kept") {
  TextCore core("kernel x86_64-6.1\n");
  core.image().set_notes({}, "");
  core.image().write_elf(core.path(), {});
  const auto vmcore = core.open();
  CHECK(contains(all_warnings(*vmcore), "has no VMCOREINFO note: every page is kept"));
  CHECK(pages_of(count(*vmcore), PageClass::other) == 3072);
}

TEST_CASE("a missing key that struct pages need is named, and every page is kept") {
  for (const char* key : {"SIZE(page)", "OFFSET(page.flags)", "SYMBOL(mem_section)",
                          "SIZE(mem_section)", "OFFSET(mem_section.section_mem_map)"}) {
    CAPTURE(key);
    const TextCore core(std::string("kernel x86_64-6.1\n") + kPages + "-" + key);
    const auto vmcore = core.open();
    CHECK(contains(all_warnings(*vmcore), key));
    CHECK(pages_of(count(*vmcore), PageClass::other) == 3072);
  }
}

TEST_CASE("how memory is cut into sections is found out where a kernel does not say all of it") {
  for (const char* lacking :
       {"-NUMBER(SECTION_SIZE_BITS)", "-NUMBER(MAX_PHYSMEM_BITS)", "-LENGTH(mem_section)"}) {
    CAPTURE(lacking);
    const TextCore core(std::string("kernel x86_64-6.1\n") + kPages + lacking);
    check_usual_counts(*core.open());
  }
  // Both: 27 bits are assumed, and these sections have 20. The tables then lead nowhere.
  const TextCore core(std::string("kernel x86_64-6.1\n") + kPages +
                      "-NUMBER(SECTION_SIZE_BITS)\n-NUMBER(MAX_PHYSMEM_BITS)");
  check_usual_counts(*core.open());
}

TEST_CASE("a value out of range is named, and every page is kept") {
  for (const char* line :
       {"SIZE(page)=8", "SIZE(page)=4096", "SIZE(page)=57", "NUMBER(SECTION_SIZE_BITS)=3",
        "NUMBER(SECTION_SIZE_BITS)=60", "NUMBER(MAX_PHYSMEM_BITS)=64", "SIZE(mem_section)=1",
        "OFFSET(mem_section.section_mem_map)=4000", "SYMBOL(mem_section)=ffffffff80000000",
        "SYMBOL(mem_section)=1234"}) {
    CAPTURE(line);
    const TextCore core(std::string("kernel x86_64-6.1\n") + kPages + line);
    const auto vmcore = core.open();
    const std::string key(line, strchr(line, '='));
    CHECK(contains(all_warnings(*vmcore), key.c_str()));
    CHECK(pages_of(count(*vmcore), PageClass::other) == 3072);
  }
}

TEST_CASE("a key that one rule needs costs what that rule leaves out, and is named") {
  struct Row {
    const char* key;
    bool keeps_free, keeps_user, keeps_cache;
  };
  for (const Row row :
       {Row{"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", true, false, false},
        Row{"OFFSET(page._mapcount)", true, false, false},
        Row{"OFFSET(page.private)", true, false, false},
        Row{"LENGTH(zone.free_area)", true, false, false}, Row{"NUMBER(PG_slab)", true, true, true},
        Row{"OFFSET(page.compound_head)", false, true, true},
        Row{"OFFSET(page.mapping)", false, false, true},
        Row{"NUMBER(PG_lru)", false, false, true}}) {
    CAPTURE(row.key);
    const TextCore core(std::string("kernel x86_64-6.1\n") + kPages + "-" + row.key);
    const auto vmcore = core.open();
    const auto counts = count(*vmcore);
    CHECK((pages_of(counts, PageClass::free) == 0) == row.keeps_free);
    CHECK((pages_of(counts, PageClass::user) == 0) == row.keeps_user);
    CHECK((pages_of(counts, PageClass::cache) == 0) == row.keeps_cache);
    CHECK(contains(all_warnings(*vmcore), row.key));
  }
}

TEST_CASE("without PG_private cache counts as private, and tails are kept without PG_head_mask") {
  const TextCore no_private(std::string("kernel x86_64-6.1\n") + kPages + "-NUMBER(PG_private)");
  const auto counts = count(*no_private.open());
  CHECK(pages_of(counts, PageClass::cache) == 0);
  CHECK(pages_of(counts, PageClass::cache_private) == 11);
  const TextCore no_head(std::string("kernel x86_64-6.1\n") + kPages + "-NUMBER(PG_head_mask)");
  const auto vmcore = no_head.open();
  CHECK(pages_of(count(*vmcore), PageClass::user) == 1);  // hugetlb is then not recognised either
  CHECK(contains(all_warnings(*vmcore), "NUMBER(PG_head_mask)"));
}

TEST_CASE("a section without struct pages, or outside the dump, keeps its pages") {
  for (const uint64_t entry : {uint64_t{0}, uint64_t{0xffffea0000000000 | 0xe},
                               uint64_t{0xffff888fff000001}, uint64_t{0x0000123456789001}}) {
    CAPTURE(entry);
    TextCore core(std::string("kernel x86_64-6.1\n") + kPages);
    core.image().put(core.tables().section_entry_paddr(256), entry);
    core.rewrite();
    const auto vmcore = core.open();
    Silent progress;
    const auto plan = make_plan(*vmcore, progress);
    REQUIRE(plan);
    CHECK(pages_of(plan->pages_by_class, PageClass::free) == 0);
    CHECK(pages_of(plan->pages_by_class, PageClass::user) == 16 + 512);
    REQUIRE_FALSE(plan->warnings.empty());
    CHECK(contains(plan->warnings.back(), "256 page frames have no readable or valid struct page"));
  }
}

TEST_CASE("a part of vmemmap that is not mapped keeps the pages it describes") {
  TextCore core("kernel x86_64-6.1\npage 256 anon count=256\n");
  core.tables().unmap(core.tables().struct_page_vaddr(256 + 64));
  core.rewrite();
  const auto vmcore = core.open();
  CHECK(pages_of(count(*vmcore), PageClass::user) == 256 - 64);
}

}  // namespace kdump
