// What is in every dump although struct pages call it free: the kernel's own memory, found by the
// tests' own description of it. And what corrupt tables can and cannot do to the search.
#include "filter/kernel/protected_memory.h"

#include <doctest/doctest.h>

#include <functional>

#include "filter/pages/plan.h"
#include "filter/pages/window_scan.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

constexpr uint64_t kPage = CoreImage::kPage;

// An image of 1 MiB at 1 MiB, of which the kernel gave back four parts; two CPUs that are and one
// that is not; everything from 2 MiB on is called free, and the image too.
const char* const kKernel =
    "kernel x86_64-6.1\nkallsyms absolute_percpu\n"
    "symbol =0 A __per_cpu_start\nsymbol =0x3000 A __per_cpu_end\n"
    "symbol 0x100000 T _stext\nsymbol 0x120123 T _etext\nsymbol 0x130000 D __start_rodata\n"
    "symbol 0x130100 D __per_cpu_offset\nsymbol 0x130200 D nr_cpu_ids\n"
    "symbol 0x130300 D vmcoreinfo_note\nsymbol 0x130400 D _brk_end\n"
    "symbol 0x148000 D __end_rodata\nsymbol 0x150000 D _sdata\n"
    "symbol 0x160000 D __init_begin\nsymbol 0x180000 D __init_end\n"
    "symbol 0x180000 R __smp_locks\nsymbol 0x181000 R __smp_locks_end\nsymbol 0x200000 B _end\n"
    "cpu 0 0x100010 =0xffff888000304f80\ncpu 711 0x100020 =0xffffc90000013e00\n"
    "page 256 free count=256\npage 512 free count=2560\n";

constexpr uint64_t kAreas = 0x280000, kAreaStep = 0x20000, kNote = 0x2f0000, kStack = 0x350000;

void put_kernel_data(TextCore& core) {
  CoreImage& image = core.image();
  KernelTables& tables = core.tables();
  for (uint64_t cpu = 0; cpu < 2; ++cpu)
    image.put(0x130100 + 8 * cpu, tables.direct_vaddr(kAreas + cpu * kAreaStep));
  image.put(0x130110, tables.image_vaddr(0x160000));  // the template, in init memory
  image.put<uint32_t>(0x130200, 3);
  image.put(0x130300, tables.direct_vaddr(kNote));
  image.put(0x130400, tables.image_vaddr(0x1f0010));
  // The stack of the second CPU: four pages of vmalloc, scattered, nothing around them.
  for (uint64_t i = 0; i < 4; ++i)
    tables.map(0xffffc90000010000 + i * kPage, kStack + 2 * i * kPage, kPage);
  core.rewrite();
}

class Classes {
 public:
  explicit Classes(const TextCore& core) : vmcore_(core.open()), scan_(*vmcore_) {
    scan_.scan({0}, *classes_);
  }
  bool kept(uint64_t paddr) const { return !excluded((*classes_)[paddr / kPage], kMaxLevel); }
  // Whether that is so of all pages from begin to before end.
  bool all(bool is_kept, uint64_t begin, uint64_t end) const {
    for (uint64_t at = begin; at < end; at += kPage)
      if (kept(at) != is_kept) return false;
    return true;
  }
  Vmcore& vmcore() { return *vmcore_; }
  uint64_t protected_pages() const { return scan_.protected_pages(); }

 private:
  std::unique_ptr<Vmcore> vmcore_;
  WindowScan scan_;
  std::unique_ptr<WindowClasses> classes_ = std::make_unique<WindowClasses>();
};

// The tests' own walk: each table, and none twice.
void each_table(const TextCore& core, CoreImage& image, uint64_t table, unsigned level,
                const std::function<void(uint64_t)>& visit) {
  visit(table);
  for (uint64_t i = 0; level > 1 && i < 512; ++i) {
    const auto entry = image.get<uint64_t>(table + 8 * i);
    if (entry & 1 && !(entry & 0x80))
      each_table(core, image, entry & 0x000ffffffffff000, level - 1, visit);
  }
}

bool warns(Vmcore& vmcore, const char* part) {
  Silent progress;
  const auto plan = make_plan(vmcore, progress);
  REQUIRE(plan);
  for (const std::string& warning : plan->warnings)
    if (warning.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("the kernel's own memory is kept whatever its struct pages say") {
  TextCore core(kKernel);
  put_kernel_data(core);
  Classes classes(core);
  const auto plan_warnings = classes.vmcore().protected_memory().warnings;
  CHECK(plan_warnings.empty());
  CHECK(classes.protected_pages() > 0);

  SUBCASE("the image, but for what the kernel freed of it") {
    CHECK(classes.all(true, 0x100000, 0x121000));   // up to the page with _etext
    CHECK(classes.all(false, 0x121000, 0x130000));  // gap behind the code
    CHECK(classes.all(true, 0x130000, 0x148000));
    CHECK(classes.all(false, 0x148000, 0x150000));  // gap behind rodata
    CHECK(classes.all(true, 0x150000, 0x160000));
    CHECK(classes.all(false, 0x160000, 0x181000));  // init memory, locks of SMP
    CHECK(classes.all(true, 0x181000, 0x1f1000));   // up to the page with _brk_end
    CHECK(classes.all(false, 0x1f1000, 0x280000));
  }
  SUBCASE("page tables of all levels") {
    uint64_t tables = 0;
    each_table(core, core.image(), core.tables().root_paddr(), 4, [&](uint64_t table) {
      CAPTURE(table);
      CHECK(classes.kept(table));
      ++tables;
    });
    CHECK(tables > 10);
  }
  SUBCASE("the section tables and the struct pages") {
    CHECK(classes.kept(core.tables().mem_section_paddr()));
    for (uint64_t pfn = 0; pfn < 3072; ++pfn) {
      CAPTURE(pfn);
      REQUIRE(classes.kept(core.tables().struct_page_paddr(pfn)));
      REQUIRE(classes.kept(core.tables().section_entry_paddr(pfn)));
    }
  }
  SUBCASE("the per-CPU areas of CPUs that are, with what is set aside behind them") {
    for (uint64_t cpu = 0; cpu < 2; ++cpu) {
      const uint64_t area = kAreas + cpu * kAreaStep;
      CHECK(classes.all(true, area, area + 0x3000 + (36 << 10)));
      CHECK(classes.all(false, area + 0x3000 + (36 << 10), area + kAreaStep));
    }
  }
  SUBCASE("stacks, in the direct map and in vmalloc") {
    CHECK(classes.all(false, 0x2fc000, 0x300000));
    CHECK(classes.all(true, 0x304000, 0x308000));
    CHECK_FALSE(classes.kept(0x308000));
    for (uint64_t i = 0; i < 4; ++i) CHECK(classes.kept(kStack + 2 * i * kPage));
    for (uint64_t i = 0; i < 4; ++i) CHECK_FALSE(classes.kept(kStack + (2 * i + 1) * kPage));
  }
  SUBCASE("the note of vmcoreinfo, and the log") {
    CHECK(classes.kept(kNote));
    for (const uint64_t symbol : {classes.vmcore().info().symbol("prb").value()}) {
      auto& space = classes.vmcore().address_space();
      const auto prb = space.read<uint64_t>({symbol});
      REQUIRE(prb);
      CHECK(classes.kept(space.translate({*prb})->paddr.value));
      const auto data = space.read<uint64_t>({*prb + 48 + 8});
      REQUIRE(data);
      for (uint64_t at = 0; at < 1 << 14; at += kPage)
        CHECK(classes.kept(space.translate({*data + at})->paddr.value));
    }
  }
}

TEST_CASE("a stack that has overflowed, or is empty, is found from its guard page") {
  for (const char* sp : {"=0xffffc9000000fff8", "=0xffffc90000014000"}) {
    CAPTURE(sp);
    const std::string other = "=0xffffc90000013e00";
    std::string kernel = kKernel;
    kernel.replace(kernel.find(other), other.size(), sp);
    TextCore core(kernel);
    put_kernel_data(core);
    const Classes classes(core);
    for (uint64_t i = 0; i < 4; ++i) CHECK(classes.kept(kStack + 2 * i * kPage));
  }
}

TEST_CASE("poisoned and offline pages stay out even of the kernel's own memory") {
  TextCore core(std::string(kKernel) + "page 0x110 kernel poisoned\npage 0x111 offline\n");
  put_kernel_data(core);
  const Classes classes(core);
  CHECK_FALSE(classes.kept(0x110000));
  CHECK_FALSE(classes.kept(0x111000));
  CHECK(classes.kept(0x112000));
}

TEST_CASE("without kallsyms all of the image is kept, and counted") {
  TextCore core(std::string(kKernel) + "-SYMBOL(kallsyms_names)\n" +
                "load 0x100000 0x100000 0x100000 0xffffffff80100000\n");
  put_kernel_data(core);
  Classes classes(core);
  CHECK(classes.all(true, 0x100000, 0x200000));
  CHECK(warns(classes.vmcore(), "image is kept whole, 256 pages"));
  CHECK(warns(classes.vmcore(), "per-CPU areas are kept only if"));
  CHECK(warns(classes.vmcore(), "SYMBOL(kallsyms_names)"));
}

TEST_CASE("an image without a known end is kept by its struct pages alone, with a warning") {
  TextCore core(std::string(kKernel) + "-SYMBOL(kallsyms_names)\n");
  put_kernel_data(core);
  Classes classes(core);
  CHECK_FALSE(classes.kept(0x100000));
  CHECK(warns(classes.vmcore(), "image is kept only if its struct pages say so"));
}

TEST_CASE("a healthy kernel's pages are what their struct pages say") {
  TextCore core(
      "kernel x86_64-6.1\npage 256 free order=8\npage 600 cache count=10\n"
      "symbol 0x100000 T _stext\nsymbol 0x180000 B _end\npage 256 kernel count=128\n");
  Classes classes(core);
  CHECK(classes.protected_pages() == 0);
}

TEST_CASE("page tables that lead in circles, everywhere or nowhere end the walk") {
  TextCore core(kKernel);
  put_kernel_data(core);
  const uint64_t root = core.tables().root_paddr();
  SUBCASE("to themselves") {
    for (uint64_t i = 256; i < 511; ++i) core.image().put(root + 8 * i, root | 3);
  }
  SUBCASE("to each other, alternating") {
    const uint64_t other = 0x700000;
    for (uint64_t i = 0; i < 512; ++i) core.image().put(other + 8 * i, (i % 2 ? root : other) | 3);
    for (uint64_t i = 257; i < 511; ++i) core.image().put(root + 8 * i, (i % 2 ? root : other) | 3);
  }
  SUBCASE("beyond memory") {
    for (uint64_t i = 256; i < 511; ++i) core.image().put(root + 8 * i, i << 40 | 3);
  }
  core.rewrite();
  Classes classes(core);  // ends, and keeps what it can find
  CHECK(classes.kept(root));
  CHECK(classes.all(true, 0x100000, 0x121000));
}

TEST_CASE("invalid symbols disable only the part that needs them") {
  TextCore core(kKernel);
  put_kernel_data(core);
  CoreImage& image = core.image();
  SUBCASE("billions of CPUs") { image.put<uint32_t>(0x130200, ~0u); }
  SUBCASE("areas nowhere") { image.put<uint64_t>(0x130100, 0x1234567890); }
  SUBCASE("a note nowhere") { image.put<uint64_t>(0x130300, ~uint64_t{0} - 10); }
  SUBCASE("an early allocation beyond the image") { image.put<uint64_t>(0x130400, ~uint64_t{0}); }
  core.rewrite();
  Classes classes(core);
  CHECK(classes.all(true, 0x100000, 0x121000));
  CHECK(classes.kept(core.tables().root_paddr()));
}

}  // namespace kdump
