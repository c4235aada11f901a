// Detects pages of zeros and pages of a single repeated value, at the cost of reading them: a large
// part of a typical machine's memory.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// Returns true if all bytes are zero. page: a multiple of 64 bytes.
bool is_zero_page(Bytes page);

// Returns true if the page repeats its first eight bytes, like pages of zeros, of poison and of
// unused page tables. page: a multiple of 64 bytes.
bool is_repeated_word(Bytes page);

}  // namespace kdump
