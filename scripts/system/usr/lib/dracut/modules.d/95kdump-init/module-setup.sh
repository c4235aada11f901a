#!/bin/bash
# dracut's module of kdump-init: an image whose /init is kdump-init, packed by dracut.
#
#   dracut --modules kdump-init /boot/kdump.img
#
# Only where it is asked for, and best alone: dracut's own init, udev and systemd are not run in
# the capture kernel, whose every wait has a deadline, so they would only take up memory. Which
# modules, keys and arguments go in, kdump-init's configuration decides, not dracut's.

check() { return 255; }

depends() { return 0; }

install() {
    # $srcmods: the directory of this kernel's modules, ROOT/lib/modules/VERSION.
    "${KDUMP_INIT_SCRIPTS:-/usr/lib/kdump-init}/add-to-tree" "$initdir" "$kernel" \
        "${srcmods%/lib/modules/*}/" || {
        dfatal "kdump-init: the capture could not be packed"
        exit 1
    }
}
