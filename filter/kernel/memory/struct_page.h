// Reads one struct page without its neighbours: whether it is a tail, and whether its fields
// contradict each other, as those of a corrupted one do. Such a page is kept, whatever it claims.
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

// Not for tails, whose fields mean other things. Not all flags are set, unless the struct page was
// never initialised (PAGE_POISON_PATTERN). A count of references is not negative; mapping is
// nothing, or a pointer into the kernel's half whose low two bits are flags (PAGE_MAPPING_FLAGS).
// All kernel pointers begin with 0xf, also those that carry a KASAN tag in the bits below. Slab
// keeps the end of a list there, or (6.2 and later) a count in a half of what was one: a pointer's,
// nothing's, or that of a list's poison (POISON_POINTER_DELTA).
inline bool contradicts_itself(const uint8_t* page, const PageLayout& layout) {
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
