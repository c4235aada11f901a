#include "filter/kernel/report/memory_counters.h"

#include <algorithm>

namespace kdump {
namespace {

constexpr uint32_t kMaxNodes = 64, kMaxZones = 8;
constexpr size_t kZoneNameBytes = 16;

struct CounterRow {
  const char* name;
  const char* table;  // symbol of an array of 64-bit counters
  Type index;
  bool is_kib = false;  // else in pages; slab is too, in spite of its _B
};
constexpr CounterRow kCounters[] = {
    {"free", "vm_zone_stat", Type::zone_free_pages},
    {"file", "vm_node_stat", Type::node_file_pages},
    {"anonymous", "vm_node_stat", Type::node_anon_mapped},
    {"shmem", "vm_node_stat", Type::node_shmem},
    {"slab_reclaimable", "vm_node_stat", Type::node_slab_reclaimable},
    {"slab_unreclaimable", "vm_node_stat", Type::node_slab_unreclaimable},
    {"page_tables", "vm_node_stat", Type::node_pagetable},
    {"kernel_stacks", "vm_node_stat", Type::node_kernel_stack_kb, true},
    {"dirty", "vm_node_stat", Type::node_file_dirty},
    {"writeback", "vm_node_stat", Type::node_writeback},
};

class ZoneReader {
 public:
  ZoneReader(MemoryReader& reader, const KernelTypes& types, uint64_t page_kib)
      : reader_(reader), types_(types), page_kib_(page_kib) {}

  void add_node(uint32_t node, uint64_t at, std::vector<ZoneCounters>& zones) {
    const auto count = types_.read<uint32_t>(reader_, at, Type::node_nr_zones);
    const auto first = types_.address(at, Type::node_zones);
    const uint64_t size = types_.query(Type::zone).size_bytes;
    for (uint32_t i = 0; count && first && i < std::min(*count, kMaxZones); ++i)
      add_zone(node, *first + i * size, zones);
  }

 private:
  void add_zone(uint32_t node, uint64_t at, std::vector<ZoneCounters>& zones) {
    constexpr uint64_t kMin = 0, kLow = 1, kHigh = 2;  // enum zone_watermarks
    const uint64_t managed = kib(at, Type::zone_managed_pages, 0);
    if (managed == 0) return;
    const auto name = types_.read<uint64_t>(reader_, at, Type::zone_name);
    const TypeQuery& free = types_.query(Type::zone_free_pages);
    zones.push_back({.node = node,
                     .name = name ? reader_.text(*name, kZoneNameBytes) : std::string(),
                     .managed_kib = managed,
                     .free_kib = kib(at, Type::zone_vm_stat, static_cast<uint64_t>(free.value)),
                     .min_kib = kib(at, Type::zone_watermark, kMin),
                     .low_kib = kib(at, Type::zone_watermark, kLow),
                     .high_kib = kib(at, Type::zone_watermark, kHigh)});
  }
  uint64_t kib(uint64_t at, Type member, uint64_t index) {
    const auto place = types_.address(at, member);
    const auto pages =
        place ? reader_.read<uint64_t>(*place + index * sizeof(uint64_t)) : std::nullopt;
    return pages.value_or(0) * page_kib_;
  }

  MemoryReader& reader_;
  const KernelTypes& types_;
  uint64_t page_kib_;
};

}  // namespace

MemoryCounters read_memory_counters(MemoryReader& reader, const KernelSymbols& symbols,
                                    const KernelTypes& types, uint32_t page_size) {
  MemoryCounters counters;
  const uint64_t page_kib = page_size / 1024;
  const auto total = symbols.find("_totalram_pages");
  auto pages = total ? reader.read<uint64_t>(total->value) : std::nullopt;
  if (pages) *pages *= page_kib;
  counters.rows.push_back({"total", pages});
  for (const CounterRow& row : kCounters) {
    const auto table = symbols.find(row.table);
    const TypeQuery& index = types.query(row.index);
    // A counter that is below 0 for a moment counts as 0.
    auto value = table && index.is_found
                     ? reader.read<int64_t>(table->value +
                                            static_cast<uint64_t>(index.value) * sizeof(int64_t))
                     : std::nullopt;
    const uint64_t unit = row.is_kib ? 1 : page_kib;
    counters.rows.push_back(
        {row.name, value ? std::optional(unit * static_cast<uint64_t>(std::max<int64_t>(*value, 0)))
                         : std::nullopt});
  }
  if (!types.has(Type::zone) || !types.has(Type::zone_free_pages)) return counters;
  ZoneReader zones(reader, types, page_kib);
  if (const auto nodes = symbols.find("node_data")) {
    for (uint32_t node = 0; node < kMaxNodes; ++node) {
      const auto at = reader.read<uint64_t>(nodes->value + node * sizeof(uint64_t));
      if (!at || *at == 0) break;
      zones.add_node(node, *at, counters.zones);
    }
  } else if (const auto only = symbols.find("contig_page_data")) {
    zones.add_node(0, only->value, counters.zones);
  }
  return counters;
}

}  // namespace kdump
