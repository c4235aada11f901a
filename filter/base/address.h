// Page frame numbers, physical and virtual addresses as distinct types: mixing them up does not
// compile. Arithmetic is on .value, where the reader sees it.
#pragma once

#include <compare>
#include <cstdint>

namespace kdump {

struct Pfn {
  uint64_t value = 0;
  auto operator<=>(const Pfn&) const = default;
};

struct Paddr {
  uint64_t value = 0;
  auto operator<=>(const Paddr&) const = default;
};

struct Vaddr {
  uint64_t value = 0;
  auto operator<=>(const Vaddr&) const = default;
};

}  // namespace kdump
