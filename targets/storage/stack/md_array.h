// Arrays of mdraid with metadata of version 1, started by the kernel itself from its members: which
// of them are stale, and whether enough are there, it reads in their superblocks. Nothing here
// writes to a member. Mirrors the kernel's Documentation/admin-guide/md.rst.
#pragma once

#include <string>
#include <vector>

#include "targets/storage/block_device.h"

namespace kdump {

// name: md0, md127. version: 1.0, 1.1, 1.2. Fails: unsupported, where the kernel has no mdraid or
// not this level; io, with what it refused. An array of this name that runs already is well.
Result<> start_md_array(Sys& sys, const std::string& name, const std::string& version,
                        const std::vector<BlockDevice>& members, Observer& observer);

}  // namespace kdump
