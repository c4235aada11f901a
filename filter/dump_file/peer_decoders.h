// Decompressors of what other programs (makedumpfile, QEMU) put into kdump-compressed files, one
// page at a time. Hostile input: each byte read or written is bounded, and so is the time, by the
// sizes given.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// Each returns nullptr if `in` decompresses to exactly out.size() bytes; else what is wrong.

// A zlib stream (RFC 1950, RFC 1951), its Adler-32 checked.
const char* decode_zlib(Bytes in, MutableBytes out);
// LZO1X (Linux' Documentation/staging/lzo.rst), of bitstream version 0.
const char* decode_lzo(Bytes in, MutableBytes out);
// Snappy's raw format (google/snappy's format_description.txt).
const char* decode_snappy(Bytes in, MutableBytes out);

}  // namespace kdump
