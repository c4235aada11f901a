#include "filter/dump/recent_contents.h"

namespace kdump {

Result<RecentContents> RecentContents::create(uint64_t memory_bytes, uint32_t block_size) {
  const uint64_t count = std::max<uint64_t>(memory_bytes / block_size, 1);
  return RecentContents(TRY(AlignedBuffer::allocate(count * block_size, "pages stored last")),
                        block_size);
}

// By a few words from all over: what is alike there is compared, so a better hash would only take
// longer.
size_t RecentContents::place_of(Bytes content) const {
  constexpr size_t kWords = 8;
  uint64_t hash = content.size();
  if (content.size() >= sizeof(uint64_t))
    for (size_t i = 0; i < kWords; ++i) {
      const size_t at = (content.size() - sizeof(uint64_t)) * i / (kWords - 1);
      hash = (hash ^ load<uint64_t>(content.data() + at)) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
  return hash % stored_.size();
}

std::optional<kdump_format::PageDescriptor> RecentContents::find(Bytes content) const {
  const size_t place = place_of(content);
  // Of the same size either both are frames or both are pages as they are.
  if (stored_[place].size != content.size() ||
      !std::ranges::equal(content, bytes_.bytes().subspan(place * block_size_, content.size())))
    return std::nullopt;
  return stored_[place];
}

void RecentContents::remember(Bytes content, const kdump_format::PageDescriptor& stored) {
  const size_t place = place_of(content);
  std::ranges::copy(content, bytes_.data() + place * block_size_);
  stored_[place] = stored;
}

}  // namespace kdump
