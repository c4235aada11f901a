// The identities that a partition table gives to its partitions: PARTUUID and PARTLABEL, from GPT
// (UEFI specification, chapter 5) and MBR. The kernel says which partitions there are and their
// numbers; this only looks a number up. Every byte is hostile.
#pragma once

#include <string>

#include "targets/storage/identity.h"

namespace kdump {

struct PartitionIdentity {
  std::string uuid = {};   // as blkid(8) prints it; "": the disk has no such partition, or no table
  std::string label = {};  // UTF-8; MBR has none
};

// number: from 1, as the kernel counts. sector_size: of the disk, bytes.
// Fails: io, if the disk cannot be read.
Result<PartitionIdentity> read_partition_identity(const Image& disk, uint32_t number,
                                                  uint32_t sector_size);

}  // namespace kdump
