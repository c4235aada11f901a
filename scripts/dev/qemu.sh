# A guest that boots a real kernel and panics: its initramfs and its disks. The machine itself is
# machine.sh's. Sourced after common.sh, kernel.sh and initramfs.sh; used by the demo and the tests.
# What captures the panic, and what it must look like, is the caller's. A guest has the
# architecture of its kernel (kernel_architecture).

. "$scripts/lib/machine.sh"

# need_guest_packages [ARCHITECTURE]
need_guest_packages() {
    need_packages kmod cpio zstd xz-utils e2fsprogs
    case ${1:-${GUEST_ARCHITECTURE:-amd64}} in
        arm64) need_packages qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
        *) need_packages qemu-system-x86 gcc libc6-dev ;;
    esac
}

# guest_initramfs KIND KERNEL_ROOT: prints the cached image of a kernel that serves the tests;
# KIND names its init: first (fills memory and panics), pstore (likewise, and shows pstore after that), copy (copies /proc/vmcore raw),
# reader (copies a disk's files), wire (joins two cards by a bad wire).
guest_initramfs() {
    local kind=$1 root=$2 guest=$top/tests/vm/guest busybox key entry
    busybox=$(guest_unpacked "$root" busybox-static)
    key=$(hash_of "$guest"/{"$kind-init",first-init,features,workload.c,poison.c} \
        "$top"/scripts/{lib/initramfs,dev/qemu}.sh "$busybox/bin/busybox")
    entry=$(cached "guest-$kind-$(kernel_version "$root")-$key" \
        make_guest_initramfs "$kind" "$root" "$busybox")
    printf '%s\n' "$entry/initramfs"
}

make_guest_initramfs() {
    local kind=$1 root=$2 busybox=$3 into=$4 guest=$top/tests/vm/guest tree=$4/tree
    mkdir -p "$tree/bin"
    cp "$busybox/bin/busybox" "$tree/bin/busybox"
    install -m 755 "$guest/$kind-init" "$tree/init"
    case $kind in
        first) add_first_guest "$root" "$tree" ;;
        pstore)
            add_first_guest "$root" "$tree"
            install -m 755 "$guest/first-init" "$tree/first-init"
            ;;
        reader) guest_modules "$root" "$tree" virtio_pci virtio_blk ext4 \
            xfs btrfs vfat nls_cp437 nls_ascii nls_utf8 ;;
        wire)
            need_packages iproute2
            guest_modules "$root" "$tree" virtio_pci virtio_net bridge sch_netem
            add_program "$tree" "$(command -v ip)"
            add_program "$tree" "$(command -v tc)"
            ;;
        *) guest_modules "$root" "$tree" virtio_pci virtio_blk ext4 ;;
    esac
    pack_initramfs "$tree" "$into/initramfs" 3
    rm -rf "$tree"
}

guest_modules() { add_modules "$2" "$1" "$(kernel_version "$1")" "${@:3}"; }

# add_first_guest KERNEL_ROOT TREE: programs, and modules by what they are for (etc/guest/FOR):
# one that is not asked for is not loaded.
add_first_guest() {
    local root=$1 tree=$2 guest=$top/tests/vm/guest program purpose module found
    for program in workload poison; do
        "$(guest_compiler "$root")" -O2 -Wall -Werror -static -o "$tree/bin/$program" \
            "$guest/$program.c"
    done
    cp "$guest/features" "$tree/features"
    mkdir -p "$tree/etc/guest"
    for purpose in 'always virtio_pci virtio_blk ext4' 'balloon virtio_balloon' 'xfs xfs' \
        'ext4 ext4' 'zram zram lzo-rle' 'hotplug virtio_mem' 'ramoops ramoops'; do
        found=()
        for module in ${purpose#* }; do
            ! has_module "$root" "$(kernel_version "$root")" "$module" || found+=("$module")
        done
        guest_modules "$root" "$tree" "${found[@]}"
        mv "$tree/etc/kdump-init/modules" "$tree/etc/guest/${purpose%% *}"
    done
}

# guest_unpacked KERNEL_ROOT PACKAGE...: prints a directory with programs that run in the guest.
guest_unpacked() {
    local architecture
    architecture=$(kernel_architecture "$1")
    unpacked_for "$architecture" "${@:2}"
}

# guest_compiler KERNEL_ROOT: the C compiler for a static program that runs in the guest.
guest_compiler() {
    case $(kernel_architecture "$1") in
        arm64) printf 'aarch64-linux-gnu-gcc\n' ;;
        *) printf 'gcc\n' ;;
    esac
}

# kexec_root KERNEL_ROOT: prints a directory with kexec and every library it needs, to be
# chrooted into: nothing of it comes from this machine.
kexec_root() (
    architecture=$(kernel_architecture "$1")
    [ "$architecture" = amd64 ] || apt_private "deb:$architecture" trixie
    candidates kexec-tools >/dev/null  # lists there are
    libraries=$(apt_cache depends --recurse --no-recommends --no-suggests --no-conflicts \
        --no-breaks --no-replaces --no-enhances kexec-tools |
        grep -E '^(lib(c6|gcc|xen|lzma|z)|zlib1g)')
    # shellcheck disable=SC2086  # one word a package
    guest_unpacked "$1" kexec-tools $libraries
)

# tools_disk FILE KEXEC_ROOT KERNEL_IMAGE CAPTURE_INITRAMFS CAPTURE_CMDLINE: the disk that the
# first kernel loads the capture kernel from.
tools_disk() {
    local file=$1 kexec=$2 image=$3 capture=$4 cmdline=$5 tree
    tree=$(mktemp -d)
    cp -a "$kexec"/{lib*,sbin,usr} "$tree"
    rm -rf "${tree:?}/usr/share"
    mkdir -p "$tree"/{boot,proc,sys,dev}
    cp "$image" "$tree/boot/vmlinuz"
    cp "$capture" "$tree/boot/capture.img"
    printf '%s' "$cmdline $guest_patience" >"$tree/boot/cmdline"
    new_disk "$file" 96M
    mke2fs -q -F -t ext4 -d "$tree" "$file"
    rm -rf "$tree"
}
