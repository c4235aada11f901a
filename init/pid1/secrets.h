// The secrets that an image carries: private keys of ssh:// targets, key files of encrypted disks.
// They are overwritten and removed before the shell starts. An initramfs lies in memory, so
// what is overwritten is gone; copies in the memory of processes that have ended may be left
// (docs/security.md).
#pragma once

#include "filter/base/sys.h"
#include "init/capture/console.h"

namespace kdump {

// Says how many there were, and which could not be removed. No more of them are left in the image's
// directories: public keys and the keys of known hosts are no secrets, and stay.
void wipe_secrets(Sys& sys, Console& console);

}  // namespace kdump
