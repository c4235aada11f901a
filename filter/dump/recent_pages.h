// Remembers recently written pages so that identical ones share one copy. It compares frames: equal
// pages have equal frames, frames are shorter, and they are still in the output's buffers. Equal
// pages mostly follow each other closely, so the buffers reach back far enough.
#pragma once

#include <optional>
#include <vector>

#include "filter/dump/output/data_stream.h"
#include "filter/dump_file/kdump_format.h"

namespace kdump {

class RecentPages {
 public:
  // data: the stream that frames are appended to; must outlive this. held_bytes: the bytes that its
  // buffers hold, which determine the number of slots.
  RecentPages(const DataStream& data, uint64_t held_bytes);

  // Returns the descriptor of a stored page with the same content; nullopt if none is remembered.
  std::optional<kdump_format::PageDescriptor> find(Bytes content) const;
  // Remembers the descriptor of `content`; replaces an older entry.
  void remember(Bytes content, const kdump_format::PageDescriptor& stored);

 private:
  size_t slot_of(Bytes content) const;

  const DataStream& data_;
  std::vector<kdump_format::PageDescriptor> stored_;  // size 0: none yet
};

}  // namespace kdump
