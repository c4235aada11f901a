// Starts mdraid arrays with metadata version 1. The kernel reads the members' superblocks and
// decides which members are stale and whether enough are present; this code does not write to a
// member. Mirrors the kernel's Documentation/admin-guide/md.rst.
#pragma once

#include <string>
#include <vector>

#include "targets/storage/block_device.h"

namespace kdump {

// Starts an array; succeeds if one of this name runs. name: md0, md127. version: 1.0, 1.1, 1.2.
// Fails: unsupported, if the kernel lacks mdraid or the level; io, with the refused step.
Result<> start_md_array(Sys& sys, const std::string& name, const std::string& version,
                        const std::vector<BlockDevice>& members, Observer& observer);

}  // namespace kdump
