# Kernels that crash in a chosen way: a module built against Debian's headers, and the vmcore of a
# guest that loads it. Sourced after vmcore.sh.

# crash_module KERNEL_ROOT [SUITE]: prints the path of kdump_crash.ko for debian_kernel's kernel.
# The compiler and the headers are those of the kernel's suite, in a directory that holds nothing else:
# this machine's libc may be too old for their programs.
crash_module() (
    root=$1 suite=${2-}
    version=$(kernel_version "$root")
    key=$(hash_of "$top/tests/vm/guest/crash/kdump_crash.c")
    entry=$(cached "crash-module-$version-$key" make_crash_module "$version" "$suite")
    printf '%s\n' "$entry/kdump_crash.ko"
)

make_crash_module() {
    local version=$1 suite=$2 into=$3 root program
    root=$(module_build_root "$version" "$suite")
    mkdir -p "$into/tree"
    cp -a "$root/." "$into/tree"
    mkdir -p "$into/tree"/{proc,dev,tmp,module}
    [ -e "$into/tree/bin/sh" ] || ln -s dash "$into/tree/bin/sh"
    [ -e "$into/tree/lib64" ] || ln -s usr/lib64 "$into/tree/lib64"
    ln -sf mawk "$into/tree/usr/bin/awk"
    for program in "$into/tree"/usr/bin/x86_64-linux-gnu-*; do
        [ -e "${program%/*}/${program##*-gnu-}" ] || ln -s "${program##*/}" "${program%/*}/${program##*-gnu-}"
    done
    cp "$top/tests/vm/guest/crash/kdump_crash.c" "$into/tree/module"
    printf 'obj-m := kdump_crash.o\n' >"$into/tree/module/Kbuild"
    as_root unshare -m bash -c 'mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" &&
        exec chroot "$1" /usr/bin/env PATH=/usr/bin:/bin make -C "/usr/src/linux-headers-$2" M=/module CONFIG_DEBUG_INFO_BTF_MODULES= modules' \
        - "$into/tree" "$version" >"$into/log" 2>&1 || {
        tail -n 20 "$into/log" >&2
        die "the module does not build for $version"
    }
    mv "$into/tree/module/kdump_crash.ko" "$into"
    rm -rf "$into/tree"
}

# module_build_root VERSION SUITE: prints a directory with all that builds a module for that kernel.
module_build_root() (
    case $2 in
        '') ;;
        *-backports) apt_private deb:amd64 "$2" "${2%-backports}" ;;
        *) apt_private deb:amd64 "$2" ;;
    esac
    candidates make >/dev/null  # lists there are
    packages=$(apt_cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances "linux-headers-$1" make coreutils sed grep mawk findutils dash |
        grep -E '^(linux-(headers|kbuild)|make|gcc|cpp|binutils|coreutils|sed|grep|mawk|findutils|dash|lib|zlib1g)' |
        grep -vE '^lib(systemd|apt|cryptsetup|kmod|fdisk|device|pam)' | sort -u)
    known=()
    for package in $packages; do
        ! known_candidates "$package" >/dev/null || known+=("$package")
    done
    unpacked "linux-headers-$1" "${known[@]}"
)

# crash_vmcore KERNEL_ROOT SUITE KIND SYSCTLS ARGUMENTS MONITOR: prints the cached directory of
# make_crash. SYSCTLS: NAME=VALUE,…; ARGUMENTS: of the kernel; MONITOR: a command of QEMU's monitor,
# given when the guest asks for it.
crash_vmcore() {
    local root=$1 suite=$2 kind=$3 sysctls=$4 arguments=$5 monitor=$6 module guest=$top/tests/vm/guest key
    module=$(crash_module "$root" "$suite")
    key=$(hash_of "$guest"/{crash-init,copy-init,crash/kdump_crash.c})
    key=$(sha256sum <<<"$key $sysctls $arguments $monitor" | cut -c1-16)
    cached "crash-$kind-$(kernel_version "$root")-$key" \
        make_crash "$root" "$module" "$kind" "$sysctls" "$arguments" "$monitor"
}

# make_crash KERNEL_ROOT MODULE KIND SYSCTLS ARGUMENTS MONITOR OUTDIR: OUTDIR gets vmcore, console.log
# and the module.
make_crash() {
    local root=$1 module=$2 kind=$3 sysctls=$4 arguments=$5 monitor=$6 outdir=$7 work console
    local GUEST_ARCHITECTURE MONITOR=""
    GUEST_ARCHITECTURE=$(kernel_architecture "$root")
    need_guest_packages
    console=$(guest_console)
    work=$(mktemp -d "$outdir/.work.XXXXXX")
    tools_disk "$work/tools.ext4" "$(kexec_root "$root")" "$(kernel_image "$root")" \
        "$(guest_initramfs copy "$root")" \
        "console=$console nr_cpus=1 reset_devices irqpoll acpi_no_memhotplug panic=5"
    debugfs -w -R "write $module boot/kdump_crash.ko" "$work/tools.ext4" 2>/dev/null
    new_disk "$work/out.ext4" 64M
    mke2fs -q -F -t ext4 "$work/out.ext4"
    new_disk "$work/vmcore" 1G
    if [ -n "$monitor" ]; then
        mkfifo "$work"/monitor.{in,out}
        MONITOR=pipe:$work/monitor
        cat "$work/monitor.out" >/dev/null &
        send_when_asked "$monitor" "$outdir/console.log" "$work" &
    fi
    say "crashing kernel $(kernel_version "$root") by $kind"
    run_guest 600 512M "$(kernel_image "$root")" "$(guest_initramfs crash "$root")" \
        "console=$console panic=5 crashkernel=128M oops=panic guest.crash=$kind guest.sysctls=$sysctls $arguments" \
        "$work/tools.ext4" "$work/out.ext4" "$work/vmcore" </dev/null >"$outdir/console.log" ||
        die "the guest failed: $(tail -n 3 "$outdir/console.log")"
    debugfs -R "rdump / $work" "$work/out.ext4" 2>/dev/null
    if [ ! -s "$work/vmcore-size" ]; then
        tail -n 40 "$outdir/console.log" >&2
        die "nothing was copied"
    fi
    truncate -s "$(cat "$work/vmcore-size")" "$work/vmcore"
    cp --sparse=always "$work/vmcore" "$outdir/vmcore"
    cp "$module" "$outdir"
    rm -rf "$work"
}

# send_when_asked COMMAND CONSOLE_LOG WORK: ends with the directory WORK.
send_when_asked() {
    until grep -q "guest: asks for $1" "$2" 2>/dev/null; do
        [ -e "$3" ] || return 0
        sleep 0.3
    done
    printf '%s\n' "$1" >"$3/monitor.in"
}
