# Which kernel modules a target on this machine needs, found in sysfs, and by which name the
# capture kernel will find its device: there is no udev there, and /dev/sdX is numbered anew
# at each boot. Sourced after common.sh. Knows nothing of archives.

# Storage drivers of ordinary machines, for an image that must boot on another one.
generic_drivers=(virtio_pci virtio_mmio virtio_blk virtio_scsi sd_mod
    ahci ata_piix ata_generic nvme megaraid_sas megaraid_mbox mpt3sas mptsas mptspi hpsa
    smartpqi aacraid arcmsr 3w-sas pm80xx vmw_pvscsi hv_storvsc xen-blkfront
    xhci_pci ehci_pci uas usb_storage sdhci_pci sdhci_acpi mmc_block)

file_systems=(ext4 xfs btrfs vfat)

# Hardware watchdogs of ordinary machines, likewise.
generic_watchdogs=(iTCO_wdt sp5100_tco wdat_wdt hpwdt i6300esb sbsa_gwdt)

# device_node DEVICE: its node on this machine, e.g. /dev/sda2; nothing if it is not here.
device_node() {
    local node
    case $1 in
        /dev/*) node=$(readlink -e -- "$1") || return 0 ;;
        *) node=$(findfs "$1" 2>/dev/null) || return 0 ;;
    esac
    [ ! -b "$node" ] || printf '%s\n' "$node"
}

# stable_name SCHEME DEVICE NODE: how the capture kernel shall look for it. A raw target is
# never named by the UUID of what it holds: the first dump would overwrite that.
stable_name() {
    local scheme=$1 device=$2 node=$3 uuid="" partuuid path
    if [[ $device != /dev/* ]]; then
        printf '%s\n' "$device"
        return
    fi
    [ "$scheme" = raw ] || uuid=$(blkid_value "$node" UUID)
    partuuid=$(blkid_value "$node" PART_ENTRY_UUID)
    path=$(sysfs_of_node "$node")
    if [ -n "$uuid" ]; then
        printf 'UUID=%s\n' "$uuid"
    elif [ -n "$partuuid" ]; then
        printf 'PARTUUID=%s\n' "$partuuid"
    elif [ -e "$path/dm/name" ]; then
        printf '/dev/mapper/%s\n' "$(cat "$path/dm/name")"
    elif [ -e "$path/md" ]; then
        printf '%s\n' "$node"
    else
        say "warning: $device has no UUID; the capture kernel may number its disks differently"
        printf '%s\n' "$node"
    fi
}

# blkid_value NODE TAG: nothing if NODE has none.
blkid_value() { blkid -p -o value -s "$2" -- "$1" 2>/dev/null || :; }

# aliases_above PATH: what names the drivers of a device, by its path in /sys/devices, and of every
# bus it hangs on, from the root down: the aliases that they announce, and the modules that serve
# them now.
aliases_above() {
    local path=$1 found=()
    while [ "$path" != /sys/devices ] && [ "$path" != / ]; do
        [ ! -r "$path/modalias" ] || found=("$(cat "$path/modalias")" "${found[@]}")
        [ ! -e "$path/driver/module" ] ||
            found=("$(basename "$(readlink -e "$path/driver/module")")" "${found[@]}")
        path=${path%/*}
    done
    # A SCSI disk announces itself on the scsi device; sd_mod serves it.
    printf '%s\n' "${found[@]}"
}

# watchdog_aliases: likewise, for the hardware watchdogs that run on this machine: they run on when
# the kernel crashes.
watchdog_aliases() {
    local watchdog
    for watchdog in /sys/class/watchdog/watchdog*; do
        [ "$(cat "$watchdog/state" 2>/dev/null)" = active ] || continue
        # One that is made of software has no device, and dies with the kernel.
        [ ! -e "$watchdog/device" ] || aliases_above "$(readlink -e "$watchdog/device")"
    done
}

# pstore_modules: the one by which this machine's pstore keeps things, where it is one.
pstore_modules() {
    local backend
    backend=$(cat /sys/module/pstore/parameters/backend 2>/dev/null) || :
    case $backend in
        ramoops) echo ramoops ;;
        efi | efi_pstore) echo efi_pstore ;;
    esac
}

# set_ramoops_parameters TREE: where in memory this machine's ramoops keeps its records, and that it
# is to take those of a reboot (KMSG_DUMP_SHUTDOWN).
set_ramoops_parameters() {
    local list=$1/etc/kdump-init/modules at=/sys/module/ramoops/parameters module name value text=""
    module=$(grep -o '^[^ ]*/ramoops\.ko' "$list") || return 0
    for name in mem_address mem_size record_size console_size ftrace_size pmsg_size ecc; do
        value=$(cat "$at/$name" 2>/dev/null) || continue
        text+=" $name=$value"
    done
    sed -i "s|^$module\$|$module${text} max_reason=4|" "$list"
}

# file_system_modules TYPE
file_system_modules() {
    case $1 in
        ext2 | ext3 | ext4) echo ext4 ;;
        xfs | btrfs) echo "$1" ;;
        # The code page and character sets that a vfat mount may ask for: nothing loads them
        # on demand in the capture kernel.
        vfat) echo vfat nls_cp437 nls_ascii nls_utf8 nls_iso8859-1 ;;
        *) return 1 ;;
    esac
}
