# Real vmcores: a kernel that really panicked, its memory copied raw, and beside it what that
# kernel reported about every page just before. Made once, cached; nothing of kdump-init takes part,
# so that the tests can hold its dumps against them. Sourced after qemu.sh.

# make_vmcore MEMORY KERNEL_ROOT OUTDIR: a kernel with a workload panics in a guest of MEMORY
# (QEMU's -m: with slots to add memory to, "512M,slots=2,maxmem=2G"); OUTDIR gets vmcore (a plain
# copy of /proc/vmcore), kpageflags and kpagecount (the kernel's own word on each page just before),
# dmesg, iomem and the console's log. Tried three times: now and then an emulated CPU runs code that
# another one is just patching (static keys), and the kernel panics before it was asked to.
# Variables of the caller, besides run_guest's: GUEST_ARGUMENTS for the kernel and first-init,
# GUEST_DISKS, further disks, from the fourth on (/dev/vdd).
make_vmcore() {
    local memory=$1 root=$2 outdir=$3 version image first copier kexec work mib unit console try
    local GUEST_ARCHITECTURE
    GUEST_ARCHITECTURE=$(kernel_architecture "$root")
    need_guest_packages
    version=$(kernel_version "$root")
    image=$(kernel_image "$root")
    first=$(guest_initramfs first "$root")
    copier=$(guest_initramfs copy "$root")
    mib=$(numfmt --from=iec "${memory%%,*}")
    mib=$((mib >> 20))
    # A larger guest is not made more interesting by a larger workload, only slower.
    unit=$(((mib - 128) / 16))
    [ "$unit" -le 160 ] || unit=160
    work=$(mktemp -d "$outdir/.work.XXXXXX")
    console=$(guest_console)

    kexec=$(kexec_root "$root")
    tools_disk "$work/tools.ext4" "$kexec" "$image" "$copier" \
        "console=$console nr_cpus=1 reset_devices irqpoll acpi_no_memhotplug panic=5"

    for try in 1 2 3; do
        new_disk "$work/out.ext4" "$((mib / 2 + 256))M"
        mke2fs -q -F -t ext4 "$work/out.ext4"
        new_disk "$work/vmcore" "$((2 * mib + 1024))M"  # sparse; memory may be hot-added

        say "crashing kernel $version in a guest of $memory"
        # shellcheck disable=SC2086  # one word a disk
        run_guest 900 "$memory" "$image" "$first" \
            "console=$console panic=5 crashkernel=128M hugepages=4 guest.unit=$unit guest.out=/dev/vdb ${GUEST_ARGUMENTS-}" \
            "$work/tools.ext4" "$work/out.ext4" "$work/vmcore" ${GUEST_DISKS-} \
            </dev/null >"$outdir/console.log" || die "the guest failed: $outdir/console.log"
        debugfs -R "rdump / $work" "$work/out.ext4" 2>/dev/null
        [ ! -s "$work/vmcore-size" ] || break
        cat "$outdir/console.log" >&2
        [ "$try" != 3 ] || die "nothing was copied"
        say "nothing was copied; trying again"
    done
    truncate -s "$(cat "$work/vmcore-size")" "$work/vmcore"
    mv "$work"/{vmcore,kpageflags,kpagecount,dmesg,iomem,meminfo} "$outdir"
    rm -rf "$work"
}

# real_vmcore MEMORY [FLAVOUR [SUITE]]: prints the cached directory of make_vmcore for
# debian_kernel's kernel.
real_vmcore() {
    local memory=$1 root guest=$top/tests/vm/guest key
    shift
    root=$(debian_kernel "$@")
    key=$(hash_of "$guest"/{first-init,features,copy-init,workload.c} "$top/scripts/dev/vmcore.sh")
    cached "vmcore-$(kernel_version "$root")-$memory-$key" make_vmcore "$memory" "$root"
}

# trixie_makedumpfile: prints a directory with trixie's makedumpfile and its libraries, which
# runs from there, by its own loader.
trixie_makedumpfile() (
    apt_private deb:amd64 trixie
    unpacked makedumpfile libc6 libgcc-s1 libdw1t64 libelf1t64 zlib1g libbz2-1.0 liblzma5 \
        liblzo2-2 libsnappy1v5 libstdc++6 libzstd1
)
