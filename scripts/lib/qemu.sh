# A guest that boots a real kernel and panics: its initramfs, its disks, its QEMU.
# Sourced after common.sh, kernel.sh and initramfs.sh; used by the demo and the tests.
# What captures the panic, and what it must look like, is the caller's.

need_guest_packages() {
    need_packages qemu-system-x86 kmod cpio zstd xz-utils e2fsprogs gcc libc6-dev
}

# guest_initramfs KIND KERNEL_ROOT: prints the cached image of a kernel that serves the tests;
# KIND names its init: first (fills memory and panics), copy (copies /proc/vmcore raw),
# reader (copies a disk's files).
guest_initramfs() {
    local kind=$1 root=$2 guest=$top/tests/vm/guest version busybox key entry
    version=$(kernel_version "$root")
    busybox=$(unpacked busybox-static)
    key=$(hash_of "$guest/$kind-init" "$guest/workload.c" "$top/scripts/lib/initramfs.sh" \
        "$top/scripts/lib/qemu.sh" "$busybox/bin/busybox")
    entry=$(cached "guest-$kind-$version-$key" make_guest_initramfs "$kind" "$root" "$busybox")
    printf '%s\n' "$entry/initramfs"
}

make_guest_initramfs() {
    local kind=$1 root=$2 busybox=$3 into=$4 guest=$top/tests/vm/guest tree=$4/tree version
    local modules=(virtio_pci virtio_blk ext4)
    [ "$kind" != reader ] || modules+=(xfs btrfs vfat nls_cp437 nls_ascii nls_utf8)
    version=$(kernel_version "$root")
    mkdir -p "$tree/bin"
    cp "$busybox/bin/busybox" "$tree/bin/busybox"
    install -m 755 "$guest/$kind-init" "$tree/init"
    gcc -O2 -Wall -Werror -static -o "$tree/bin/workload" "$guest/workload.c"
    add_modules "$tree" "$root" "$version" "${modules[@]}"
    pack_initramfs "$tree" "$into/initramfs" 3
    rm -rf "$tree"
}

# kexec_root: prints a directory with kexec and every library it needs, to be chrooted into:
# nothing of it comes from this machine.
kexec_root() {
    local libraries
    libraries=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
        --no-breaks --no-replaces --no-enhances kexec-tools | grep -E '^lib(c6|gcc|xen|lzma|z)')
    # shellcheck disable=SC2086  # one word a package
    unpacked kexec-tools $libraries
}

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
    printf '%s' "$cmdline" >"$tree/boot/cmdline"
    new_disk "$file" 96M
    mke2fs -q -F -t ext4 -d "$tree" "$file"
    rm -rf "$tree"
}

# new_disk FILE SIZE: an empty disk.
new_disk() {
    rm -f "$1"
    truncate -s "$2" "$1"
}

# run_guest SECONDS MEMORY KERNEL_IMAGE INITRAMFS ARGUMENTS DISK...: boots and waits for the
# guest's end. The serial console is standard input and output. Status 124: the deadline came.
# TCG, because guests under nested KVM were seen to hang; no five-level paging unless asked
# for with CPU=max, because most machines have four.
run_guest() {
    local seconds=$1 memory=$2 image=$3 initramfs=$4 arguments=$5 disk n=0 drives=()
    shift 5
    for disk; do
        drives+=(-drive "file=$disk,format=raw,if=none,id=d$n,cache=unsafe"
            -device "virtio-blk-pci,drive=d$n")
        n=$((n + 1))
    done
    timeout -k 5 "$seconds" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi \
        -cpu "${CPU:-max,la57=off}" -m "$memory" -smp 2 -nographic -nodefaults -serial stdio \
        -monitor none -no-reboot -kernel "$image" -initrd "$initramfs" -append "$arguments" \
        "${drives[@]}"
}
