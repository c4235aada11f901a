// What was stored last of pages, so that what is the same in every byte is stored by reference.
// A frame says all of its page, so frames are compared: shorter, and still in the output's buffers,
// where nothing has to be copied for it. Equal pages mostly follow each other closely, so what
// those hold is enough.
#pragma once

#include <optional>
#include <vector>

#include "filter/dump/kdump_format.h"
#include "filter/dump/output/data_stream.h"

namespace kdump {

class RecentContents {
 public:
  // data: where contents are appended; must outlive this. It never holds more bytes than its
  // capacity.
  RecentContents(const DataStream& data, uint64_t held_bytes);

  // The descriptor with which these very bytes were stored, where they are still at hand.
  std::optional<kdump_format::PageDescriptor> find(Bytes content) const;
  // They were stored so. Takes the place of something older.
  void remember(Bytes content, const kdump_format::PageDescriptor& stored);

 private:
  size_t place_of(Bytes content) const;

  const DataStream& data_;
  std::vector<kdump_format::PageDescriptor> stored_;  // size 0: none yet
};

}  // namespace kdump
