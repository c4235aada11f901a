// Whether the kernel's NFS client and a server understand each other in the version that they have
// agreed upon: not all that can be mounted can be written to and read back. Seen: Linux 7.2 reads
// over 4.2 by READ_PLUS, which nfs-ganesha 4.3 answers without the data.
#pragma once

#include <string>

#include "filter/base/result.h"
#include "targets/storage/mounts.h"

namespace kdump {

// Makes a crash's directory below `directory` with a small file, reads that back from the server,
// and removes it all. Fails: where another version may do better, and where the server stops
// answering. What would fail in any version (no room, no permission) is left to who needs it.
Result<> try_nfs_mount(Sys& sys, const Mount& mount, const std::string& directory);

}  // namespace kdump
