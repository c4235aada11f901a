// Logical volumes as the physical volumes themselves describe them: LVM2's label, and the volume
// group's text in the metadata area. Read when the crash has happened, so a volume that was moved
// or grown since the image was packed is found where it is now. Pure: an Image goes in, values come
// out; every byte is hostile. Only volumes that lie on disks directly: linear and striped ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "targets/storage/identity.h"

namespace kdump {

struct LvmStripe {
  std::string volume;         // UUID of the physical volume, as blkid(8) prints it
  uint64_t first_sector = 0;  // on it
};

struct LvmSegment {
  uint64_t first_sector = 0, sectors = 0;  // of the logical volume
  uint64_t stripe_sectors = 0;             // how much goes to a stripe before the next; of several
  std::vector<LvmStripe> stripes;          // one: linear
};

// The text that a physical volume has of its volume group.
// Fails: corrupt, with what does not fit; unsupported, where it has no metadata area.
Result<std::string> read_lvm_metadata(const Image& image);

// The segments of the logical volume with this UUID, in order and without gaps.
// Fails: refused, where there is none; unsupported, with its kind (thin-pool, raid1, …); corrupt.
Result<std::vector<LvmSegment>> find_lvm_volume(std::string_view metadata, std::string_view uuid);

// The increasing number of a volume group's changes; 0 where it has none.
uint64_t lvm_sequence(std::string_view metadata);

}  // namespace kdump
