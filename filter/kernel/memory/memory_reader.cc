#include "filter/kernel/memory/memory_reader.h"

#include <algorithm>

#include "filter/base/text.h"

namespace kdump {

bool MemoryReader::is_over() {
  is_over_ = is_over_ || sys_.monotonic_ms() >= until_ms_;
  return is_over_;
}

Bytes MemoryReader::view(uint64_t at) {
  const uint64_t page = at & ~(kPageBytes - 1);
  Slot& slot = slots_[(page / kPageBytes) % kSlots];
  if (slot.page != page) {
    slot.page = 1;
    if (is_over() || !space_.read({page}, slot.bytes)) return {};
    slot.page = page;
  }
  return Bytes(slot.bytes).subspan(at - page);
}

bool MemoryReader::read(uint64_t at, MutableBytes out) {
  while (!out.empty()) {
    const Bytes bytes = view(at);
    if (bytes.empty()) return false;
    const size_t size = std::min(bytes.size(), out.size());
    memcpy(out.data(), bytes.data(), size);
    at += size;
    out = out.subspan(size);
  }
  return true;
}

std::string MemoryReader::text(uint64_t at, size_t max_bytes) {
  std::string out;
  while (out.size() < max_bytes) {
    Bytes bytes = view(at);
    if (bytes.empty()) return {};
    bytes = bytes.first(std::min(bytes.size(), max_bytes - out.size()));
    const auto end = std::ranges::find(bytes, 0);
    out.append(bytes.begin(), end);
    if (end != bytes.end()) break;
    at += bytes.size();
  }
  return printable(out);
}

}  // namespace kdump
