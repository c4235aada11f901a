// Finds the page frames of the kernel's page tables, all levels.
#pragma once

#include "filter/core_file/page_ranges.h"
#include "filter/kernel/memory/address_space.h"

namespace kdump {

// Adds the pages of all tables reachable from `tables` to `out`; addresses outside memory are
// skipped. Returns false if there are more tables than a machine of this size can have, so that
// they must be corrupt; `out` then has those found so far.
bool add_page_tables(const PageTables& tables, PhysMemory& memory, PageRanges& out);

}  // namespace kdump
