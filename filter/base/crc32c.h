// CRC-32C in its linear form: no initial value and no final inversion. The sum of a file is then
// the XOR of the sums of its pieces, each shifted by the bytes that follow it: pieces may be
// written in any order, and gaps of zeros need no sum.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// Returns the sum of `data`. Uses the CPU's CRC-32C instructions if present, else a table.
uint32_t linear_crc32c(Bytes data);

// Returns the sum of the same bytes followed by `zeros` zero bytes.
uint32_t crc32c_before_zeros(uint32_t sum, uint64_t zeros);

}  // namespace kdump
