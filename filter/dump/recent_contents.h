// What was stored last of pages, so that what is the same in every byte is stored by reference.
// A frame says all of its page, so frames are compared: shorter, and at hand. In memory that is
// taken once; equal pages mostly follow each other closely, so a few contents are enough.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "filter/dump/aligned_buffer.h"
#include "filter/dump/kdump_format.h"

namespace kdump {

class RecentContents {
 public:
  // Contents are block_size bytes at most, and at least one of them is kept.
  static Result<RecentContents> create(uint64_t memory_bytes, uint32_t block_size);

  // The descriptor with which these very bytes were stored, where that is still known.
  std::optional<kdump_format::PageDescriptor> find(Bytes content) const;
  // They were stored so. Takes the place of something older.
  void remember(Bytes content, const kdump_format::PageDescriptor& stored);

 private:
  RecentContents(AlignedBuffer bytes, uint32_t block_size)
      : bytes_(std::move(bytes)),
        block_size_(block_size),
        stored_(std::max<size_t>(bytes_.size() / block_size, 1)) {}
  size_t place_of(Bytes content) const;

  AlignedBuffer bytes_;  // block_size_ for each of stored_
  uint32_t block_size_;
  std::vector<kdump_format::PageDescriptor> stored_;  // size 0: none yet
};

}  // namespace kdump
