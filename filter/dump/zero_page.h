// Telling pages of zeros, and others of a single value, from the rest: on a typical machine a good
// part of memory, so it has to cost no more than reading it.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// page: a multiple of 64 bytes.
bool is_zero_page(Bytes page);

// Whether the page repeats its first eight bytes, as pages of zeros, of poison and of page tables
// not in use do. page: a multiple of 64 bytes.
bool is_repeated_word(Bytes page);

}  // namespace kdump
