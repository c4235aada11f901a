// Telling pages of zeros from others: on a typical machine a good part of memory, so it has to
// cost no more than reading it.
#pragma once

#include "filter/base/bytes.h"

namespace kdump {

// page: a multiple of 64 bytes.
bool is_zero_page(Bytes page);

}  // namespace kdump
