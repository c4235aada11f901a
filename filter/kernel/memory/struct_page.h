// Checks of a single struct page: whether it is a tail, and whether its fields contradict each
// other because it is corrupt. The page of a corrupt struct page is kept.
#pragma once

#include "filter/base/bytes.h"
#include "filter/kernel/memory/page_layout.h"

namespace kdump {

inline bool is_tail(const uint8_t* page, const PageLayout& layout) {
  return load<uint64_t>(page + layout.compound_head) & layout.tail_bit;
}

inline uint32_t refcount(const uint8_t* page, const PageLayout& layout) {
  return load<uint32_t>(page + layout.refcount) & static_cast<uint32_t>(layout.refcount_mask);
}

inline bool is_slab(const uint8_t* page, const PageLayout& layout) {
  return (load<uint64_t>(page + layout.flags) & layout.slab) ||
         load<uint32_t>(page + layout.mapcount) == layout.type_slab;
}

// Returns true if the struct page is corrupt. Not for tails, whose fields have other meanings. In a
// valid one: flags are not all ones (PAGE_POISON_PATTERN: never initialised); the reference count
// is not negative; mapping is 0 or a kernel pointer whose low two bits are flags
// (PAGE_MAPPING_FLAGS). Every kernel pointer begins with 0xf, also with a KASAN tag in the bits
// below. Slab stores the end of a list in mapping, and since v6.2 a count in one half of it: the
// other half is that of a pointer, of 0, or of a list's poison (POISON_POINTER_DELTA).
inline bool is_inconsistent(const uint8_t* page, const PageLayout& layout) {
  constexpr uint64_t kKernelPointer = 0xf, kMisaligned = 4, kListPoison = 0xdead;
  if (load<uint64_t>(page + layout.flags) == ~uint64_t{0}) return true;
  if (static_cast<int32_t>(refcount(page, layout)) < 0) return true;
  const uint64_t mapping = load<uint64_t>(page + layout.mapping) & layout.mapping_mask;
  const bool kernel_pointer = mapping >> 60 == kKernelPointer;
  if (is_slab(page, layout))
    return !kernel_pointer && mapping >> 32 != 0 && mapping >> 48 != kListPoison;
  return mapping != 0 && (!kernel_pointer || mapping & kMisaligned);
}

}  // namespace kdump
