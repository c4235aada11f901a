// From places as administrators write them to target URLs: a directory of this machine, an NFS
// export, a user at a server. Mounts nothing and asks nothing over the network.
#pragma once

#include "init/setup/config/translator.h"

namespace kdump {

// The file system that `directory` of the machine lies on.
Place find_place(const Machine& machine, const std::string& directory);
// The root file system; `directory` counts from its root.
Place root_place(const Machine& machine, const std::string& directory);

// device: UUID=…, LABEL=…, PARTUUID=…, PARTLABEL= or /dev/…. `directory` counts from where the
// device is mounted; for btrfs that may be a subvolume, and the capture mounts the whole.
// options: of a mount, with commas; those that the capture cannot carry over are a problem.
Place device_place(const Machine& machine, const std::string& device, const std::string& directory,
                   const std::string& options = {});

// server: HOST:/EXPORT. options: as above. mounted_nfs_place() takes them from a mount of this
// machine: of its options those count that decide whether the server answers.
Place nfs_place(const std::string& server, const std::string& directory,
                const std::string& options = {});
Place mounted_nfs_place(const Machine& machine, const std::string& server,
                        const std::string& directory);

// server: USER@HOST, where the last @ counts. port: "" for the usual one. key: a file; root's home
// is ~.
Place ssh_place(const Machine& machine, const std::string& server, const std::string& port,
                const std::string& directory, const std::string& key);

}  // namespace kdump
