# Real vmcores: a kernel that really panicked, its memory copied raw, and beside it what that
# kernel said of every page just before. Made once, cached; nothing of kdump-init takes part,
# so that the tests can hold its dumps against them. Sourced after qemu.sh.

# make_vmcore MEMORY KERNEL_ROOT OUTDIR: a kernel with a workload panics in a guest of
# MEMORY; OUTDIR gets vmcore (a plain copy of /proc/vmcore), kpageflags and kpagecount (the
# kernel's own word on each page just before), dmesg, iomem and the console's log.
make_vmcore() {
    local memory=$1 root=$2 outdir=$3 version image first copier kexec work mib unit
    need_guest_packages
    version=$(kernel_version "$root")
    image=$(kernel_image "$root")
    first=$(guest_initramfs first "$root")
    copier=$(guest_initramfs copy "$root")
    mib=$(numfmt --from=iec "$memory")
    mib=$((mib >> 20))
    unit=$(((mib - 128) / 16))
    work=$(mktemp -d "$outdir/.work.XXXXXX")

    kexec=$(kexec_root)
    tools_disk "$work/tools.ext4" "$kexec" "$image" "$copier" \
        "console=ttyS0 nr_cpus=1 reset_devices irqpoll panic=5"
    new_disk "$work/out.ext4" "$((mib / 2 + 256))M"
    mke2fs -q -F -t ext4 "$work/out.ext4"
    new_disk "$work/vmcore" "$((mib + 64))M"

    say "crashing kernel $version in a guest of $memory"
    run_guest 600 "$memory" "$image" "$first" \
        "console=ttyS0 panic=5 crashkernel=128M hugepages=4 guest.unit=$unit guest.out=/dev/vdb" \
        "$work/tools.ext4" "$work/out.ext4" "$work/vmcore" \
        </dev/null >"$outdir/console.log" || die "the guest failed: $outdir/console.log"

    debugfs -R "rdump / $work" "$work/out.ext4" 2>/dev/null
    [ -s "$work/vmcore-size" ] || { cat "$outdir/console.log" >&2; die "nothing was copied"; }
    truncate -s "$(cat "$work/vmcore-size")" "$work/vmcore"
    mv "$work"/{vmcore,kpageflags,kpagecount,dmesg,iomem,meminfo} "$outdir"
    rm -rf "$work"
}

# real_vmcore MEMORY: prints the cached directory of make_vmcore for Debian's own kernel.
real_vmcore() {
    local root version guest=$top/tests/vm/guest key
    root=$(debian_kernel)
    version=$(kernel_version "$root")
    key=$(hash_of "$guest"/{first-init,copy-init,workload.c} "$top/scripts/lib/vmcore.sh")
    cached "vmcore-$version-$1-$key" make_vmcore "$1" "$root"
}
