// Reads PARTUUID and PARTLABEL of a partition from GPT (UEFI specification, chapter 5) or MBR. The
// partitions and their numbers come from the kernel. Every byte is hostile.
#pragma once

#include <string>

#include "targets/storage/identity.h"

namespace kdump {

struct PartitionIdentity {
  std::string uuid = {};   // as blkid(8) prints it; empty: no such partition or no table
  std::string label = {};  // UTF-8; MBR has none
};

// number: the kernel's, from 1. sector_size: of the disk, bytes.
// Fails: io, if the disk cannot be read.
Result<PartitionIdentity> read_partition_identity(const Image& disk, uint32_t number,
                                                  uint32_t sector_size);

}  // namespace kdump
