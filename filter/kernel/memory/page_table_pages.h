// Where the kernel's page tables themselves lie, all levels of them.
#pragma once

#include "filter/core_file/page_ranges.h"
#include "filter/kernel/memory/address_space.h"

namespace kdump {

// Adds the pages of all tables that `tables` leads to. What is no memory is left out. False: there
// are more tables than a machine of that memory can need, so that they must be corrupt; what was
// found until then is in `out`.
bool add_page_tables(const PageTables& tables, PhysMemory& memory, PageRanges& out);

}  // namespace kdump
