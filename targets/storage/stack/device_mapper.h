// Block devices out of pieces of others, made by the kernel's device mapper: linear, striped,
// crypt. Mirrors include/uapi/linux/dm-ioctl.h. What the pieces are is lvm_metadata.h's and the
// packer's to say; there is no udev, so /dev/dm-N is the only node.
#pragma once

#include <span>
#include <string>

#include "filter/base/sys.h"

namespace kdump {

struct DmPiece {
  uint64_t first_sector = 0, sectors = 0;  // of the device that is made; sectors are 512 bytes
  const char* type = "";                   // the kernel's name: "linear", "striped", "crypt"
  std::string parameters;                  // as `dmsetup table` prints them
};

// Makes the device, or finds that one of this name is there: both are well.
// Fails: unsupported, where the kernel has no device mapper or not that type; io.
Result<> make_dm_device(Sys& sys, const std::string& name, std::span<const DmPiece> table);

}  // namespace kdump
