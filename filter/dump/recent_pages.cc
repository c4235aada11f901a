#include "filter/dump/recent_pages.h"

#include <algorithm>
#include <bit>

namespace kdump {
namespace {

// Half of what a page of kernel memory takes on average, so that few share a place.
constexpr uint64_t kBytesPerSlot = 512;

// The C library compares byte by byte.
bool is_same(Bytes one, Bytes other) {
  constexpr size_t kWords = 8, kBlock = kWords * sizeof(uint64_t);
  if (one.size() != other.size()) return false;
  size_t at = 0;
  for (; at + kBlock <= one.size(); at += kBlock) {
    uint64_t a[kWords], b[kWords];
    memcpy(a, one.data() + at, sizeof a);
    memcpy(b, other.data() + at, sizeof b);
    uint64_t unlike = 0;
    for (size_t i = 0; i < kWords; ++i) unlike |= a[i] ^ b[i];
    if (unlike != 0) return false;
  }
  return std::ranges::equal(one.subspan(at), other.subspan(at));
}

}  // namespace

RecentPages::RecentPages(const DataStream& data, uint64_t held_bytes)
    : data_(data), stored_(std::bit_ceil(std::max<uint64_t>(held_bytes / kBytesPerSlot, 1))) {}

// By a few words from all over: what is alike there is compared, so a better hash would only take
// longer.
size_t RecentPages::slot_of(Bytes content) const {
  constexpr size_t kWords = 8;
  uint64_t hash = content.size();
  if (content.size() >= sizeof(uint64_t))
    for (size_t i = 0; i < kWords; ++i) {
      const size_t at = (content.size() - sizeof(uint64_t)) * i / (kWords - 1);
      hash = (hash ^ load<uint64_t>(content.data() + at)) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
  return hash & (stored_.size() - 1);
}

std::optional<kdump_format::PageDescriptor> RecentPages::find(Bytes content) const {
  const kdump_format::PageDescriptor& stored = stored_[slot_of(content)];
  // Of the same size either both are frames or both are pages as they are.
  if (stored.size != content.size() || !is_same(content, data_.held(stored.offset, stored.size)))
    return std::nullopt;
  return stored;
}

void RecentPages::remember(Bytes content, const kdump_format::PageDescriptor& stored) {
  stored_[slot_of(content)] = stored;
}

}  // namespace kdump
