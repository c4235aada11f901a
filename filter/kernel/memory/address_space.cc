#include "filter/kernel/memory/address_space.h"

#include <algorithm>

#include "filter/base/text.h"
#include "filter/kernel/memory/arm64_page_tables.h"
#include "filter/kernel/memory/x86_64_page_tables.h"

namespace kdump {
namespace {

struct ArchitectureRow {
  uint16_t elf_machine;
  Result<std::unique_ptr<PageTables>> (*open)(const ElfCore&, const Vmcoreinfo&, PhysMemory&);
};

constexpr ArchitectureRow kArchitectures[] = {
    {kMachineX86_64, open_x86_64_page_tables},
    {kMachineAarch64, open_arm64_page_tables},
};

Result<std::unique_ptr<PageTables>> open_page_tables(const ElfCore& core, const Vmcoreinfo& info,
                                                     PhysMemory& memory) {
  for (const ArchitectureRow& row : kArchitectures)
    if (row.elf_machine == core.machine()) return row.open(core, info, memory);
  return fail(Kind::unsupported, "unsupported page tables of ELF machine %u", core.machine());
}

}  // namespace

AddressSpace::AddressSpace(const ElfCore& core, const Vmcoreinfo& info, PhysMemory& memory,
                           std::vector<std::string>& warnings)
    : core_(core), memory_(memory) {
  auto opened = open_page_tables(core, info, memory);
  if (opened)
    page_tables_ = *std::move(opened);
  else
    warnings.push_back(text("no page tables: %s", opened.error().text));
}

Result<Translation> AddressSpace::translate(Vaddr at) {
  for (const Leaf& leaf : leaves_) {
    const uint64_t into = at.value - leaf.begin.value;
    if (into < leaf.translation.bytes)
      return Translation{.paddr = {leaf.translation.paddr.value + into},
                         .bytes = leaf.translation.bytes - into};
  }
  Error why{.kind = Kind::corrupt};
  if (page_tables_) {
    auto walked = page_tables_->walk(at);
    if (walked) {
      leaves_[next_leaf_++ % leaves_.size()] = {.begin = at, .translation = *walked};
      return walked;
    }
    why = walked.error();
  }
  for (const LoadSegment& segment : core_.segments()) {
    const uint64_t into = at.value - segment.vaddr.value;
    if (at.value >= segment.vaddr.value && into < segment.size_bytes)
      return Translation{.paddr = {segment.paddr.value + into}, .bytes = segment.size_bytes - into};
  }
  if (page_tables_) return std::unexpected(why);
  return fail(Kind::corrupt, "virtual address %#" PRIx64 " lies in no PT_LOAD", at.value);
}

Result<> AddressSpace::read(Vaddr at, MutableBytes out) {
  while (!out.empty()) {
    const Translation part = TRY(translate(at));
    const size_t size = std::min<uint64_t>(part.bytes, out.size());
    const Result<> copied = memory_.read(part.paddr, out.first(size));
    if (!copied) return wrap(copied.error(), "virtual address %#" PRIx64, at.value);
    at.value += size;
    out = out.subspan(size);
  }
  return {};
}

}  // namespace kdump
