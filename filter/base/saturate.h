// Adds sizes from hostile headers: a sum that would wrap stays at the maximum.
#pragma once

#include <cstdint>

namespace kdump {

constexpr uint64_t add_saturated(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

}  // namespace kdump
