#include "filter/kernel/vmcore.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <optional>

#include "filter/base/text.h"
#include "filter/kernel/crashed_system.h"
#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/memory/mem_map.h"
#include "filter/kernel/protected_memory.h"
#include "filter/kernel/symbols/kernel_symbols.h"

namespace kdump {
namespace {

// Which page sizes a kernel can have; 4 KiB where vmcoreinfo does not say.
struct PageSizeRow {
  uint16_t elf_machine;
  uint32_t sizes;  // a sum of powers of two
};
constexpr PageSizeRow kPageSizes[] = {
    {kMachineX86_64, 4096},
    {kMachineAarch64, 4096 | 16384 | 65536},
};
constexpr uint32_t kAnyPageSize = 4096 | 8192 | 16384 | 32768 | 65536, kDefaultPageSize = 4096;

uint32_t find_page_size(const Vmcoreinfo& info, uint16_t elf_machine,
                        std::vector<std::string>& warnings) {
  const auto row = std::ranges::find(kPageSizes, elf_machine, &PageSizeRow::elf_machine);
  const uint32_t possible = row == std::end(kPageSizes) ? kAnyPageSize : row->sizes;
  const int64_t size = info.decimal("PAGESIZE").value_or(0);
  if (size > 0 && (size & (size - 1)) == 0 && (size & possible)) return static_cast<uint32_t>(size);
  if (!info.empty())
    warnings.push_back(text("vmcoreinfo lacks a usable PAGESIZE; using %u", kDefaultPageSize));
  return kDefaultPageSize;
}

PhysMemory::CopyBy how_to_copy(Sys& sys, int fd) {
  struct statfs status {};
  const bool is_file =
      fd < 0 || (sys.fstatfs(fd, status) == 0 && status.f_type != PROC_SUPER_MAGIC);
  return is_file ? PhysMemory::CopyBy::reading : PhysMemory::CopyBy::mapping;
}

}  // namespace

// Later members refer to earlier ones: constructed in this order, at an address that stays.
struct Vmcore::Parts {
  Parts(DumpSource opened, std::vector<std::string> so_far, PhysMemory::CopyBy copy_by,
        MemMapUse mem_map_use)
      : source(std::move(opened)),
        warnings(std::move(so_far)),
        info(Vmcoreinfo::find(source.core)),
        memory(source.memory(source.page_size != 0
                                 ? source.page_size
                                 : find_page_size(info, source.core.machine(), warnings),
                             copy_by)),
        space(source.core, info, memory, warnings),
        system(identify_system(source, info, space)) {
    const ElfCore& elf = source.core;
    if (info.empty()) {
      warnings.push_back(
          text("%s has no VMCOREINFO note: every page is kept", source.path.c_str()));
      return;
    }
    if (mem_map_use == MemMapUse::unwanted) return;
    auto opened_map = MemMap::open(info, elf.machine(), space, memory, warnings);
    if (opened_map)
      mem_map.emplace(*std::move(opened_map));
    else
      warnings.push_back(text("every page is kept: %s", opened_map.error().text));
  }

  DumpSource source;
  std::vector<std::string> warnings;
  Vmcoreinfo info;
  PhysMemory memory;
  AddressSpace space;
  CrashedSystem system;
  std::optional<MemMap> mem_map;
  std::optional<KernelSymbols> symbols;
  std::optional<ProtectedMemory> protected_memory;
};

Result<std::unique_ptr<Vmcore>> Vmcore::open(Sys& sys, const char* path, MemMapUse mem_map_use) {
  std::vector<std::string> warnings;
  DumpSource source = TRY(DumpSource::open(sys, path, warnings));
  const PhysMemory::CopyBy copy_by = how_to_copy(sys, source.bytes->mappable_fd());
  auto parts =
      std::make_unique<Parts>(std::move(source), std::move(warnings), copy_by, mem_map_use);
  return std::unique_ptr<Vmcore>(new Vmcore(std::move(parts)));
}

Vmcore::Vmcore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Vmcore::~Vmcore() = default;

const char* Vmcore::path() const { return parts_->source.path.c_str(); }
const ElfCore& Vmcore::elf() const { return parts_->source.core; }
const DumpSource& Vmcore::source() const { return parts_->source; }
PhysMemory& Vmcore::memory() { return parts_->memory; }
const Vmcoreinfo& Vmcore::info() const { return parts_->info; }
const CrashedSystem& Vmcore::system() const { return parts_->system; }
uint32_t Vmcore::page_size() const { return parts_->memory.page_size(); }
Pfn Vmcore::end_pfn() const { return parts_->memory.end_pfn(); }
AddressSpace& Vmcore::address_space() { return parts_->space; }
MemMap* Vmcore::mem_map() { return parts_->mem_map ? &*parts_->mem_map : nullptr; }
const KernelSymbols& Vmcore::symbols() {
  if (!parts_->symbols) parts_->symbols.emplace(parts_->info, parts_->space);
  return *parts_->symbols;
}
ProtectedMemory& Vmcore::protected_memory() {
  if (!parts_->protected_memory) parts_->protected_memory = find_protected_memory(*this);
  return *parts_->protected_memory;
}
const std::vector<std::string>& Vmcore::warnings() const { return parts_->warnings; }
void Vmcore::discard_mem_map() { parts_->mem_map.reset(); }

}  // namespace kdump
