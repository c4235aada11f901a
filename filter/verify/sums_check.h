// Holds a dump against the checksums inside it (dump_file/sums_format.h). Hostile input: what the
// dump says of its sums is checked before it is used.
#pragma once

#include "filter/verify/dump_check.h"

namespace kdump {

// Fills check.sums and check.bad_ranges, and reports the damage.
void check_sums(const DumpFile& file, Progress& progress, DumpCheck& check);

}  // namespace kdump
