#include "filter/kernel/protected_memory.h"

#include <algorithm>

#include "filter/base/text.h"
#include "filter/core_file/cpu_registers.h"
#include "filter/kernel/memory/mem_map.h"
#include "filter/kernel/memory/page_table_pages.h"
#include "filter/kernel/printk_log.h"
#include "filter/kernel/symbols/kernel_image.h"

namespace kdump {
namespace {

constexpr uint32_t kMaxCpus = 8192;  // CONFIG_NR_CPUS of x86_64 and arm64 goes no further

// Behind its static variables each per-CPU area has what PERCPU_MODULE_RESERVE and
// PERCPU_DYNAMIC_RESERVE set aside (include/linux/percpu.h). The rest of its 2 MiB is given back.
constexpr uint64_t kPerCpuReserve = (8 << 10) + (28 << 10);
constexpr uint64_t kMaxPerCpuBytes = 2u << 20;  // a kernel with lockdep and KASAN: a quarter

// A stack in vmalloc ends at pages that are not mapped; 64 KiB with 64 KiB pages, or KASAN. One in
// the direct map is aligned to its size, at least this.
constexpr uint64_t kMaxStackBytes = 64 << 10, kStackBytes = 16 << 10;

constexpr uint64_t kVmcoreinfoNoteBytes = 4096 + 64;  // VMCOREINFO_NOTE_SIZE, its text and header

class Gatherer {
 public:
  Gatherer(Vmcore& vmcore, ProtectedMemory& out)
      : vmcore_(vmcore),
        space_(vmcore.address_space()),
        page_size_(vmcore.page_size()),
        symbols_(vmcore.symbols()),
        out_(out) {}

  void gather() {
    add_image();
    if (const PageTables* tables = space_.page_tables())
      if (!add_page_tables(*tables, vmcore_.memory(), out_.pages))
        out_.warnings.push_back(
            "the kernel's page tables are corrupt, they lead to too many tables: some are kept "
            "only "
            "if"
            " their struct pages say so");
    if (vmcore_.mem_map()) add_struct_pages(*vmcore_.mem_map());
    add_per_cpu_areas();
    add_log();
    add_stacks();
    for (const char* name : {"vmcoreinfo_note", "vmcoreinfo_data"})
      if (const auto symbol = symbols_.find(name))
        if (const auto at = space_.read<uint64_t>(*symbol)) add({{*at}, kVmcoreinfoNoteBytes});
  }

 private:
  void add_physical(uint64_t begin, uint64_t end) {
    out_.pages.add({begin / page_size_}, {(end + page_size_ - 1) / page_size_});
  }

  // As far as it is mapped.
  void add(VirtualRange range) {
    const uint64_t end = range.begin.value + range.size_bytes;
    for (uint64_t at = range.begin.value; at < end;) {
      const uint64_t rest_of_page = page_size_ - at % page_size_;
      const auto leaf = space_.translate({at});
      const uint64_t size = std::min(leaf ? leaf->bytes : rest_of_page, end - at);
      if (leaf) add_physical(leaf->paddr.value, leaf->paddr.value + size);
      at += size;
    }
  }

  void add_image() {
    const auto image =
        find_kernel_image(vmcore_.elf(), vmcore_.info(), space_, symbols_, page_size_);
    if (!image) {
      out_.warnings.push_back(text("the kernel's image is kept only if its struct pages say so: %s",
                                   image.error().text));
      return;
    }
    image_ = image->whole;
    for (const auto& [begin, end] : image->pieces) add_physical(begin.value, end.value);
    if (!image->warning.empty()) out_.warnings.push_back(image->warning);
  }

  void add_struct_pages(MemMap& map) {
    add(map.table());
    const uint64_t per_section = map.pages_per_section();
    Vaddr entry_page{~uint64_t{0}};
    for (auto at = vmcore_.memory().next_ram({0}); at;) {
      const Pfn pfn{at->value / page_size_};
      if (const auto entry = map.section_entry(pfn)) {
        const Vaddr page{entry->value & ~uint64_t{page_size_ - 1}};
        if (page != entry_page) add({page, page_size_});
        entry_page = page;
      }
      if (const auto pages = map.section_struct_pages(pfn))
        add({*pages, per_section * map.layout().size});
      at = vmcore_.memory().next_ram({(pfn.value / per_section + 1) * per_section * page_size_});
    }
  }

  void add_per_cpu_areas() {
    const auto offsets = symbols_.find("__per_cpu_offset"),
               begin = symbols_.find("__per_cpu_start"), end = symbols_.find("__per_cpu_end");
    if (!offsets || !begin || !end) {
      out_.warnings.push_back(
          text("the per-CPU areas are kept only if their struct pages say so: %s",
               *symbols_.why() ? symbols_.why() : "kallsyms lacks __per_cpu_offset"));
      return;
    }
    const uint64_t size = std::min(end->value - begin->value + kPerCpuReserve, kMaxPerCpuBytes);
    const auto count_at = symbols_.find("nr_cpu_ids");
    const auto count = count_at ? space_.read<uint32_t>(*count_at) : Result<uint32_t>(kMaxCpus);
    const uint32_t cpus = std::min(count.value_or(kMaxCpus), kMaxCpus);
    for (uint32_t cpu = 0; cpu < cpus; ++cpu) {
      const auto offset = space_.read<uint64_t>({offsets->value + cpu * sizeof(uint64_t)});
      if (!offset) break;
      const Vaddr area{*offset + begin->value};
      // A CPU that cannot be has the image's template for an area, which is freed.
      if (area.value - image_.begin.value < image_.size_bytes || *offset == 0) continue;
      add({area, size});
    }
  }

  void add_log() {
    const auto log = find_kernel_log(vmcore_.info(), space_);
    if (log)
      for (const VirtualRange& range : *log) add(range);
  }

  void add_stacks() {
    uint32_t cpus = 0;
    vmcore_.elf().notes().each([&](const Note& note) {
      if (const auto registers = read_registers(note, vmcore_.elf().machine()))
        add_stack(registers->sp);
      return ++cpus < kMaxCpus;
    });
  }

  void add_stack(Vaddr sp) {
    // Where a stack has overflowed sp lies in the guard page below it, where it is empty in the one
    // above it.
    uint64_t here = sp.value & ~uint64_t{page_size_ - 1};
    for (const uint64_t page : {here, here + page_size_, here - page_size_}) {
      here = page;
      if (space_.translate({here})) break;
    }
    if (!space_.translate({here})) return;  // in user space, or nowhere
    uint64_t begin = here, end = here + page_size_;
    while (end - begin <= kMaxStackBytes && space_.translate({begin - page_size_}))
      begin -= page_size_;
    while (end - begin <= kMaxStackBytes && space_.translate({end})) end += page_size_;
    if (end - begin > kMaxStackBytes) {
      const uint64_t size = std::max<uint64_t>(kStackBytes, page_size_);
      begin = here & ~(size - 1);
      end = begin + size;
    }
    add({{begin}, end - begin});
  }

  Vmcore& vmcore_;
  AddressSpace& space_;
  uint32_t page_size_;
  const KernelSymbols& symbols_;
  VirtualRange image_;
  ProtectedMemory& out_;
};

}  // namespace

ProtectedMemory find_protected_memory(Vmcore& vmcore) {
  ProtectedMemory out;
  Gatherer(vmcore, out).gather();
  return out;
}

}  // namespace kdump
