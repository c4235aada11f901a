// How the crashed machine's memory was used, by the kernel's own counters. Each may be off by what
// CPUs had not added yet, at most 125 pages a CPU and zone.
//
// Source: include/linux/mmzone.h, mm/vmstat.c.
#pragma once

#include <string>
#include <vector>

#include "filter/kernel/types/kernel_types.h"

namespace kdump {

struct ZoneCounters {
  uint32_t node = 0;
  std::string name;  // "DMA32"
  uint64_t managed_kib = 0, free_kib = 0, min_kib = 0, low_kib = 0, high_kib = 0;
};

struct MemoryCounters {
  // One row of memory_counters.cc each.
  struct Row {
    const char* name;  // "slab_reclaimable", as in the JSON with _kib
    std::optional<uint64_t> kib;
  };
  std::vector<Row> rows;
  std::vector<ZoneCounters> zones;
};

MemoryCounters read_memory_counters(MemoryReader& reader, const KernelSymbols& symbols,
                                    const KernelTypes& types, uint32_t page_size);

}  // namespace kdump
