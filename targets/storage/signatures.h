// Detects signatures other than those of usable file systems: containers (RAID, LVM, LUKS, swap…),
// foreign file systems, dumps. Used to refuse to overwrite them, and to distinguish a container's
// member from the file system in it.
#pragma once

#include "targets/storage/identity.h"

namespace kdump {

// Both return an empty type if they find nothing, and never a mountable identity. Fail: io.
Result<Identity> read_container(const Image& image);        // part of an array, volume group…
Result<Identity> read_other_signature(const Image& image);  // stand-alone

}  // namespace kdump
