// Reads the description of logical volumes from LVM2's label and metadata area on the physical
// volumes. It is read after the crash, so that volumes moved or resized since the image was packed
// are found. Pure: an Image in, values out; every byte is hostile. Supports linear and striped
// volumes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "targets/storage/identity.h"

namespace kdump {

struct LvmStripe {
  std::string volume;         // UUID of the physical volume, as blkid(8) prints it
  uint64_t first_sector = 0;  // on that volume
};

struct LvmSegment {
  uint64_t first_sector = 0, sectors = 0;  // of the logical volume
  uint64_t stripe_sectors = 0;             // of one stripe, if there are several
  std::vector<LvmStripe> stripes;          // one: linear
};

// Returns the metadata text of the volume group from a physical volume. Fails: corrupt, with the
// invalid field; unsupported, without a metadata area; io.
Result<std::string> read_lvm_metadata(const Image& image);

// Returns the segments of the logical volume with this UUID, in order and without gaps. Fails:
// refused, if there is none; unsupported, with its kind (thin-pool, raid1, …); corrupt.
Result<std::vector<LvmSegment>> find_lvm_volume(std::string_view metadata, std::string_view uuid);

// Returns the sequence number of the metadata (seqno); 0 if missing.
uint64_t lvm_sequence(std::string_view metadata);

}  // namespace kdump
