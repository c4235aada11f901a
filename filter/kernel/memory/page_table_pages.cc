#include "filter/kernel/memory/page_table_pages.h"

#include <algorithm>
#include <array>

namespace kdump {
namespace {

// Tables of level 1 are not read. Above it a GiB of memory needs one for the direct map and few
// more for struct pages, KASAN and vmalloc; what does not follow from memory, such as the holes of
// vmalloc's randomised areas, needs less than this.
constexpr uint64_t kMinTables = 4096, kTablesPerGib = 4;
constexpr uint64_t kGib = 1u << 30;

class Walk {
 public:
  Walk(const PageTables& tables, PhysMemory& memory, PageRanges& out)
      : tables_(tables),
        memory_(memory),
        out_(out),
        left_(kMinTables + kTablesPerGib * (memory.ram_pages() * memory.page_size() / kGib)) {}

  // Goes down at most as many levels as there are.
  bool visit(const PageTables::Table& table) {
    const uint64_t page_size = memory_.page_size();
    out_.add({table.paddr.value / page_size}, {table.paddr.value / page_size + 1});
    if (table.level <= 1) return true;
    if (left_ == 0) return false;
    --left_;
    std::array<uint64_t, 64> entries;
    const auto lower_entries = static_cast<uint32_t>(page_size / sizeof(uint64_t));
    // KASAN maps shadows of nothing with one table again and again.
    Paddr previous = table.paddr;
    for (uint32_t done = 0; done < table.entries;) {
      const uint32_t count = std::min<uint32_t>(entries.size(), table.entries - done);
      const Paddr at{table.paddr.value + (table.first_entry + done) * sizeof(uint64_t)};
      done += count;
      if (!memory_.read(at, {reinterpret_cast<uint8_t*>(entries.data()), count * sizeof(uint64_t)}))
        continue;
      for (const uint64_t entry : std::span(entries).first(count)) {
        const auto lower = tables_.lower_table(entry, table.level);
        if (!lower || *lower == previous) continue;
        previous = *lower;
        if (memory_.next_ram(*lower) != lower) continue;
        if (!visit({.paddr = *lower,
                    .level = table.level - 1,
                    .first_entry = 0,
                    .entries = lower_entries}))
          return false;
      }
    }
    return true;
  }

 private:
  const PageTables& tables_;
  PhysMemory& memory_;
  PageRanges& out_;
  uint64_t left_;  // tables above level 1 that may still be read
};

}  // namespace

bool add_page_tables(const PageTables& tables, PhysMemory& memory, PageRanges& out) {
  return Walk(tables, memory, out).visit(tables.root());
}

}  // namespace kdump
