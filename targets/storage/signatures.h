// Signatures of what is no file system to save to: containers (RAID, LVM, LUKS, swap…), foreign
// file systems, dumps. Only names; it is for refusing to write over them, and for not taking a
// container's member for the file system in it.
#pragma once

#include "targets/storage/identity.h"

namespace kdump {

// Both give type "" if they find nothing, and never a mountable identity.
Result<Identity> read_container(const Image& image);        // is part of something else
Result<Identity> read_other_signature(const Image& image);  // stands by itself

}  // namespace kdump
