// Makes block devices from pieces of others with the kernel's device mapper: linear, striped,
// crypt. Mirrors include/uapi/linux/dm-ioctl.h. The pieces come from lvm_metadata.h and the packer.
// Without udev the only node is /dev/dm-N.
#pragma once

#include <span>
#include <string>

#include "filter/base/sys.h"

namespace kdump {

struct DmPiece {
  uint64_t first_sector = 0, sectors = 0;  // of the new device; sectors of 512 bytes
  const char* type = "";                   // the kernel's name: "linear", "striped", "crypt"
  std::string parameters;                  // as `dmsetup table` prints them
};

// Makes the device; succeeds if one of this name exists. Fails: unsupported, if the kernel has no
// device mapper or not that type; io.
Result<> make_dm_device(Sys& sys, const std::string& name, std::span<const DmPiece> table);

}  // namespace kdump
