// The outside of a zstd frame (RFC 8878): that it is one, of exactly a page, and that its blocks
// fill it to the end. What the blocks hold is not decoded: the decoder's code would be the largest
// part of the program, and SHA256SUMS tells of bytes that are other ones.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// frame: hostile.
bool is_whole_zstd_page(Bytes frame, uint64_t page_bytes);

}  // namespace kdump
