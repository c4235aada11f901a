// The crashed machine's memory, hostile: as a whole file, and as sound cores whose tables, log and
// symbols are overwritten. arm64's page tables are arm64_fuzz.cc's.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/memory/page_table_pages.h"
#include "filter/kernel/symbols/kallsyms.h"
#include "filter/pages/classify.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/patched_core.h"

namespace kdump {
namespace {

const char* const kMachine =
    "ram 0 4M\ndata 1M\npage 16 free order=3\npage 32 anon\npage 40 cache count=4\n"
    "page 48 slab\npage 64 anon order=4\npage 96 hugetlb order=5\npage 130 cache_private\n"
    "page 140 swapcache\npage 150 kernel order=2\n";

std::string machine(const char* kernel) {
  return std::string("kernel ") + kernel + "\n" + kMachine;
}

uint64_t end_of_memory(TextCore& core) { return core.image().allocate(8); }

void run_patched(PatchedCore& core, Bytes input) {
  core.patch(input);
  use_core(core.path());
  core.restore();
}

std::string log_lines() {
  std::string lines;
  for (int i = 0; i < 40; ++i)
    lines += "log " + std::to_string(i) + ".25 " +
             std::string(static_cast<size_t>(i * 7 % 40), static_cast<char>('a' + i % 26)) + "\n";
  return lines;
}

// The log is the last that a fixture's kernel allocates.
PatchedCore& core_with_log(TextCore& core) {
  const uint64_t end = end_of_memory(core);
  return *new PatchedCore(core.path(), {memory_region(core, end - 8192, 8192)});
}

// For all the runs of a fuzzer.
TextCore& kept(const std::string& description) {
  static std::vector<std::unique_ptr<TextCore>> cores;
  return *cores.emplace_back(std::make_unique<TextCore>(description));
}

}  // namespace

void fuzz_elf_core(Bytes input) {
  static const int fd = ::memfd_create("core", 0);
  promised(fd >= 0 && ::ftruncate(fd, 0) == 0 &&
               ::pwrite(fd, input.data(), input.size(), 0) == static_cast<ssize_t>(input.size()),
           "there is memory for a core");
  use_core("/proc/self/fd/" + std::to_string(fd));
}

void fuzz_vmcoreinfo(Bytes input) {
  constexpr size_t kRoom = 4096;  // before the sound keys: of two with one name the first counts
  static PatchedCore& core = [&]() -> PatchedCore& {
    TextCore& made = kept(machine("x86_64-6.12") + log_lines());
    made.image().set_notes({{}, {}}, std::string(kRoom, '\n') + made.keys().text());
    made.image().write_elf(made.path(), {});
    const uint64_t offset = made.open()->info().file_offset();
    return *new PatchedCore(made.path(), {{offset, kRoom - 1}});
  }();
  core.put(input);
  use_core(core.path());
  core.restore();
}

void fuzz_page_tables(Bytes input) {
  static PatchedCore& core = []() -> PatchedCore& {
    TextCore& made = kept(machine("x86_64-6.1") + "paging 5 large_leaves\n" + log_lines());
    const auto vmcore = made.open();
    PageRanges tables;
    promised(add_page_tables(*vmcore->address_space().page_tables(), vmcore->memory(), tables),
             "a sound core's tables are found");
    std::vector<PatchedCore::Region> regions;
    for (uint64_t pfn = 0; pfn < 512; ++pfn)
      if (!tables.within({pfn}, {pfn + 1}).empty())
        regions.push_back(memory_region(made, pfn * 4096, 4096));
    return *new PatchedCore(made.path(), regions);
  }();
  run_patched(core, input);
}

void fuzz_sections(Bytes input) {
  // Two of the ways in which kernels keep sections.
  const auto made_of = [](const std::string& description) {
    TextCore& core = kept(description);
    const uint64_t begin = core.tables().mem_section_paddr() & ~4095ull;
    return new PatchedCore(core.path(), {memory_region(core, begin, end_of_memory(core) - begin)});
  };
  static PatchedCore* const cores[] = {
      made_of(machine("x86_64-6.12")),
      made_of(machine("x86_64-6.7") + "sections pointer direct\n")};
  if (input.empty()) return;
  run_patched(*cores[input[0] % 2], input.subspan(1));
}

void fuzz_printk_ring(Bytes input) {
  static PatchedCore& core =
      core_with_log(kept(machine("x86_64-6.1") + "ring 5 9\n" + log_lines()));
  run_patched(core, input);
}

void fuzz_log_buf(Bytes input) {
  static PatchedCore& core =
      core_with_log(kept(machine("x86_64-4.19") + "log_buf 512\n" + log_lines()));
  run_patched(core, input);
}

void fuzz_log_text(Bytes input) {
  static PatchedCore& core =
      core_with_log(kept(machine("x86_64-3.2") + "log_buf 512\n" + log_lines()));
  run_patched(core, input);
}

void fuzz_kallsyms(Bytes input) {
  static PatchedCore& core = []() -> PatchedCore& {
    TextCore& made = kept(machine("x86_64-6.12") +
                          "symbol 0x100000 T _stext\nsymbol 0x100000 T _text\n"
                          "symbol 0x100400 T sysrq_handle_crash\nsymbol 0x100420 T panic\n"
                          "symbol 0x180000 D __per_cpu_offset\nsymbol 0x1f0000 B _end\n");
    const uint64_t begin = made.kallsyms().names;
    return *new PatchedCore(made.path(), {memory_region(made, begin, end_of_memory(made) - begin)});
  }();
  core.patch(input);
  if (const auto vmcore = Vmcore::open(real_sys(), core.path().c_str()); vmcore) {
    if (auto table = Kallsyms::open((*vmcore)->info(), (*vmcore)->address_space()); table) {
      Kallsyms::SymbolQuery wanted[] = {{"panic"}, {"_end"}, {"__per_cpu_offset"}};
      (void)table->find(wanted);
      Kallsyms::Place places[] = {{{0xffffffff81000410}}, {{0xffffffff81100410}}, {{0}}, {{~0ull}}};
      (void)table->name(places);
      for (const Kallsyms::Place& place : places)
        for (const char c : place.name)
          promised(c >= ' ' && c <= '~', "a symbol's name is printable");
    }
  }
  core.restore();
}

void fuzz_classify(Bytes input) {
  static const std::vector<PageLayout>& layouts = *[] {
    auto* made = new std::vector<PageLayout>;
    for (const char* kernel : {"x86_64-4.19", "x86_64-6.1-struct56", "x86_64-6.4", "x86_64-6.7",
                               "x86_64-6.12", "x86_64-7.1"}) {
      const TextCore core(machine(kernel));
      const auto vmcore = core.open();
      std::vector<std::string> warnings;
      const auto layout = PageLayout::decode(vmcore->info(), 4096, warnings);
      promised(layout.has_value(), "a sound core's layout is understood");
      made->push_back(*layout);
    }
    return made;
  }();
  Pieces pieces(input);
  const PageLayout& layout = layouts[pieces.byte() % layouts.size()];
  const uint64_t first = pieces.number<uint64_t>() >> 12 & ~1ull;
  const Bytes bytes = pieces.rest();
  std::vector<PageClass> classes(bytes.size() / layout.size);
  ClassifyState state;
  // In two calls, at any even place, as a window's edge would have it.
  const size_t cut = classes.empty() ? 0 : first % classes.size() & ~size_t{1};
  const std::span<PageClass> out(classes);
  promised(
      classify(bytes.first(cut * layout.size), {first}, layout, state, out.first(cut)).has_value(),
      "struct pages are classified, whatever they hold");
  promised(classify(bytes.subspan(cut * layout.size, (classes.size() - cut) * layout.size),
                    {first + cut}, layout, state, out.subspan(cut))
               .has_value(),
           "struct pages are classified, whatever they hold");
  for (const PageClass page_class : classes)
    promised(static_cast<size_t>(page_class) < kPageClasses, "a page has a class");
}

}  // namespace kdump
