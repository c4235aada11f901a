// Tests that the kernel's NFS client and a server work together in the negotiated version: a mount
// may succeed although data cannot be read back. Example: Linux 7.2 reads over 4.2 by READ_PLUS,
// which nfs-ganesha 4.3 answers without the data.
#pragma once

#include <string>

#include "filter/base/result.h"
#include "targets/storage/mounts.h"

namespace kdump {

// Makes a directory with a small file below `directory`, reads it back from the server and removes
// both. Fails: if another version may work; timeout, if the server stops answering. Succeeds on
// errors that do not depend on the version (no space, no permission): the dump itself will report
// them.
Result<> probe_nfs_mount(Sys& sys, const Mount& mount, const std::string& directory);

}  // namespace kdump
