// The kernel's own description of its types (BTF), read in place from the crashed kernel's memory:
// offsets of members, sizes of types, values of enumerators. Two passes, one over the names and one
// over the records; nothing of it is held but an index of a few KiB.
//
// Everything in it is hostile: every offset is checked, every walk bounded, nothing is allocated by
// a size that it gives. BTF has no types of variables, and what modules add is not read.
// Source: Linux' Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
#pragma once

#include <span>
#include <string_view>

#include "filter/kernel/memory/memory_reader.h"

namespace kdump {

// What is asked of one type, and the answer.
struct TypeQuery {
  std::string_view type;       // of a struct, union or enum; of equal names the first one counts
  std::string_view path = {};  // a member ("thread.sp"), an enumerator; empty: the type itself

  bool is_found = false;
  uint32_t bit_offset = 0;     // of a member
  uint32_t bits = 0;           // of a bit-field; 0: it is none
  uint64_t size_bytes = 0;     // of the member, or of the type
  uint32_t elements = 0;       // of an array; 0: it is none
  uint64_t element_bytes = 0;  // of an array
  int64_t value = 0;           // of an enumerator

  uint32_t offset() const { return bit_offset / 8; }
};

// Answers the queries out of the BTF between the addresses `begin` and `end`. What it does not have
// stays not found. Members of unnamed structs and unions are found as in C. Fails: corrupt, where
// it is no BTF or contradicts itself; timeout, where the reader's time is over.
Result<> resolve_types(MemoryReader& reader, uint64_t begin, uint64_t end,
                       std::span<TypeQuery> queries);

}  // namespace kdump
