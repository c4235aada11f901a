#include "filter/kernel/symbols/kernel_image.h"

#include <algorithm>

#include "filter/base/text.h"

namespace kdump {
namespace {

// x86_64 has 1 GiB of address space for it (KERNEL_IMAGE_SIZE); arm64's stays far below.
constexpr uint64_t kMaxImageBytes = 1u << 30;

// Whole pages between two symbols that the kernel frees. Where it did not, and where a symbol is
// missing, their struct pages, or the image, have them kept.
struct FreedRow {
  uint16_t elf_machine;
  const char *begin, *end;
};
constexpr FreedRow kFreed[] = {
    {kMachineX86_64, "__init_begin", "__init_end"},
    {kMachineX86_64, "_etext", "__start_rodata"},
    {kMachineX86_64, "__end_rodata", "_sdata"},
    {kMachineX86_64, "__smp_locks", "__smp_locks_end"},
    {kMachineX86_64, "__start_bss_decrypted_unused", "__end_bss_decrypted"},
    {kMachineAarch64, "__init_begin", "__init_end"},
    {kMachineAarch64, "init_pg_dir", "init_pg_end"},
};

// _end, else the end of the PT_LOAD that maps the image where it is linked.
Result<uint64_t> find_end(const ElfCore& core, const KernelSymbols& symbols, uint64_t stext) {
  if (const auto end = symbols.find("_end")) return end->value;
  for (const LoadSegment& segment : core.segments()) {
    const uint64_t into = stext - segment.vaddr.value;
    if (stext >= segment.vaddr.value && into < segment.size_bytes &&
        segment.size_bytes <= kMaxImageBytes)
      return segment.vaddr.value + segment.size_bytes;
  }
  return fail(Kind::unsupported, "neither kallsyms nor a PT_LOAD contains the end of the kernel");
}

}  // namespace

Result<KernelImage> find_kernel_image(const ElfCore& core, const Vmcoreinfo& info,
                                      AddressSpace& space, const KernelSymbols& symbols,
                                      uint32_t page_size) {
  const auto stext = info.symbol("_stext");
  if (!stext) return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(_stext)");
  const uint64_t begin = *stext, end = TRY(find_end(core, symbols, begin));
  if (end <= begin || end - begin > kMaxImageBytes)
    return fail(Kind::corrupt,
                "invalid range of the kernel's image: from %#" PRIx64 " to %#" PRIx64, begin, end);
  // In one piece, whatever the page tables say of the rest.
  const auto first = space.translate({begin});
  if (!first) return wrap(first.error(), "SYMBOL(_stext)");

  KernelImage image{.whole = {{begin}, end - begin}, .pieces = {}, .warning = {}};
  std::vector<std::pair<uint64_t, uint64_t>> freed;
  const auto add_freed = [&](uint64_t from, uint64_t to) {
    from = (from + page_size - 1) & ~uint64_t{page_size - 1};
    to &= ~uint64_t{page_size - 1};
    if (from >= begin && from < to && to <= end) freed.emplace_back(from, to);
  };
  for (const FreedRow& row : kFreed) {
    const auto from = symbols.find(row.begin), to = symbols.find(row.end);
    if (row.elf_machine == core.machine() && from && to) add_freed(from->value, to->value);
  }
  if (freed.empty())
    image.warning = text(
        "the kernel's image is kept whole, %" PRIu64 " pages, freed parts included: %s",
        (end - begin) / page_size, *symbols.why() ? symbols.why() : "kallsyms lacks __init_begin");
  // x86_64 reserves of its early allocations only what it used.
  if (const auto brk = symbols.find("_brk_end"))
    if (const auto brk_end = space.read<uint64_t>(*brk))
      add_freed(*brk_end, end & ~uint64_t{page_size - 1});

  std::ranges::sort(freed);
  freed.emplace_back(end, end);
  uint64_t at = begin;
  for (const auto& [from, to] : freed) {
    if (from > at)
      image.pieces.push_back(
          {{at - begin + first->paddr.value}, {from - begin + first->paddr.value}});
    at = std::max(at, to);
  }
  return image;
}

}  // namespace kdump
