// See human_size.h.
#include "init/capture/report/human_size.h"

#include <cinttypes>
#include <cstdio>

namespace kdump {

std::string human_size(uint64_t size_bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  uint64_t tenths = 0;  // of the unit, beyond `whole`
  uint64_t whole = size_bytes;
  while (whole >= 1024) {
    tenths = whole % 1024 * 10 / 1024;
    whole /= 1024;
    ++unit;
  }
  char text[32];
  if (unit == 0 || whole >= 100)
    snprintf(text, sizeof text, "%" PRIu64 " %s", whole, kUnits[unit]);
  else
    snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64 " %s", whole, tenths, kUnits[unit]);
  return text;
}

}  // namespace kdump
