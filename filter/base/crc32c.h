// CRC-32C in its linear form: no initial value, no final inversion, so that the sum of a file is
// the XOR of the sums of its pieces, each shifted by what follows it, in whatever order they were
// written, and zeros that were never written count for nothing.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// With the CPU's instructions where it has them, else by a table.
uint32_t linear_crc32c(Bytes data);

// The sum of the same bytes with `zeros` zero bytes behind them.
uint32_t crc32c_before_zeros(uint32_t sum, uint64_t zeros);

}  // namespace kdump
