// Source: Linux' Documentation/arch/x86/x86_64/mm.rst and arch/arm64/include/asm/memory.h.
#include "filter/kernel/mappings.h"

#include <algorithm>
#include <optional>

#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/symbols/kernel_symbols.h"

namespace kdump {
namespace {

constexpr uint64_t kMaxImageBytes = 1u << 30;
// __PAGE_OFFSET_BASE without KASLR, with four and with five levels of page tables.
constexpr uint64_t kDirectMap4 = 0xffff888000000000, kDirectMap5 = 0xff11000000000000;

// What is added to a physical address of the direct map.
std::optional<uint64_t> direct_map_offset(Vmcore& vmcore) {
  const Vmcoreinfo& info = vmcore.info();
  if (vmcore.elf().machine() == kMachineX86_64) {
    if (const auto base = vmcore.symbols().find("page_offset_base"))
      if (const auto value = vmcore.address_space().read<uint64_t>(*base)) return *value;
    return info.number("pgtable_l5_enabled").value_or(0) ? kDirectMap5 : kDirectMap4;
  }
  if (vmcore.elf().machine() != kMachineAarch64) return std::nullopt;
  const auto va_bits = info.number("VA_BITS"), memory_begin = info.number("PHYS_OFFSET");
  if (!va_bits || *va_bits < 36 || *va_bits > 52 || !memory_begin) return std::nullopt;
  // The linear map begins the kernel's half since 14c127c957c1 ("arm64: mm: Flip kernel VA space",
  // v5.4), which brought NUMBER(VA_BITS_ACTUAL) and then NUMBER(TCR_EL1_T1SZ) along.
  return -(uint64_t{1} << *va_bits) - static_cast<uint64_t>(*memory_begin);
}

std::optional<LoadSegment> kernel_image(Vmcore& vmcore) {
  const auto begin = vmcore.info().symbol("_stext");
  const auto end = vmcore.symbols().find("_end");
  if (!begin || !end || end->value <= *begin || end->value - *begin > kMaxImageBytes)
    return std::nullopt;
  const auto first = vmcore.address_space().translate({*begin});
  if (!first) return std::nullopt;
  const uint64_t size = end->value - *begin;
  return LoadSegment{.paddr = first->paddr,
                     .vaddr = {*begin},
                     .file_offset = 0,
                     .size_bytes = size,
                     .promised_bytes = size};
}

}  // namespace

std::vector<LoadSegment> find_mappings(Vmcore& vmcore) {
  const auto given = vmcore.elf().segments();
  std::vector<LoadSegment> out(given.begin(), given.end());
  if (!vmcore.source().header) return out;
  if (const auto offset = direct_map_offset(vmcore))
    for (LoadSegment& segment : out) segment.vaddr.value = segment.paddr.value + *offset;
  if (const auto image = kernel_image(vmcore))
    out.insert(std::ranges::find_if(out,
                                    [&](const LoadSegment& segment) {
                                      return segment.paddr.value > image->paddr.value;
                                    }),
               *image);
  return out;
}

}  // namespace kdump
