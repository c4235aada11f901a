// The devices that a target lies on and that no other program makes in a capture kernel: arrays of
// mdraid, LUKS volumes, logical volumes, nested in any order. Which, the packer has written down
// (scripts/lib/storage.sh); none of their programs is needed. Why: docs/decisions/0009-storage.md.
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

// Makes what the list has for the device of that name, unless the device is there already. What an
// earlier call has made is found again. No list, or nothing in it for that name: nothing to do.
// Fails: as its first step that does; every wait has limits.step_s.
Result<> make_storage(Sys& sys, DeviceFinder& finder, const DeviceName& name, Observer& observer);

}  // namespace kdump
