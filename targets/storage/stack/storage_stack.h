// Makes the devices below a target: mdraid arrays, LUKS volumes and logical volumes, nested in any
// order. The packer writes the list of them (scripts/lib/storage.sh). Needs no other program.
// Decision: docs/decisions/0009-storage.md.
//
// The list, words separated by spaces, from the disks upwards:
//   target DEVICE                      as in the URL; the next lines describe its layers
//   md NAME VERSION UUID MEMBERS       an array with MEMBERS members
//   crypt NAME UUID CIPHER IV_OFFSET OFFSET SECTOR_BYTES KEY_FILE
//                                      of a LUKS device: sectors of 512 bytes; the volume key, in
//                                      hex
//   lvm NAME UUID PV_UUID...           a logical volume, and the physical ones it was on
#pragma once

#include "targets/storage/block_device.h"

namespace kdump {

constexpr char kStorageList[] = "/etc/kdump-init/storage";

// Makes the devices that the list has for `name`, unless they exist. Succeeds without effect if
// there is no list or no entry for that name. Fails: as the first step that fails; every wait has
// the finder's limit.
Result<> make_storage(Sys& sys, DeviceFinder& finder, const DeviceName& name, Observer& observer);

}  // namespace kdump
