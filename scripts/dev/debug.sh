# What it takes to look into a dump as people do: the vmlinux with debug symbols of Debian's
# kernels, and readers newer than this release's. Unpacked into the cache and never installed.
# Sourced after common.sh and kernel.sh.

# debug_vmlinux [FLAVOUR [SUITE]]: prints the vmlinux of debian_kernel's kernel, out of its -dbg
# package: 860 MB to download, of which only vmlinux is kept. The body is a subshell, as there.
debug_vmlinux() (
    flavour=${1-amd64} suite=${2-}
    root=$(debian_kernel "$@")
    [ -z "$suite" ] || apt_private "deb:$(flavour_architecture "$flavour")" "$suite"
    pin=$(candidates "linux-image-$(kernel_version "$root")-dbg")
    entry=$(cached "debug-${pin/=/-}" unpack_vmlinux "$pin")
    printf '%s\n' "$entry/vmlinux"
)

unpack_vmlinux() {
    local pin=$1 into=$2 found
    say "fetching ${pin%%=*} ${pin#*=}, 860 MB"
    (cd "$into" && apt_get download "$pin")
    # The package unpacks to 5 GB, nearly all of it the modules'.
    dpkg-deb --fsys-tarfile "$into"/*.deb |
        tar -x -C "$into" --wildcards '*/vmlinux-*' '*/vmlinux'
    rm -- "$into"/*.deb
    found=$(find "$into/usr" -type f)
    mv -- "$found" "$into/vmlinux"
    rm -r "${into:?}/usr"
}

# trixie_crash, trixie_drgn: print the command that runs trixie's with its own libraries.
trixie_crash() (
    apt_private deb:amd64 trixie
    root=$(unpacked crash libc6 libgcc-s1 libstdc++6 liblzo2-2 libncursesw6 libtinfo6 libsnappy1v5 \
        libzstd1 zlib1g)
    printf '%s %s\n' "$(own_loader "$root")" "$root/usr/bin/crash"
)

trixie_drgn() (
    apt_private deb:amd64 trixie
    root=$(unpacked python3-drgn python3.13-minimal libpython3.13-minimal libpython3.13-stdlib \
        libkdumpfile10 libdw1t64 libelf1t64 libgomp1 libc6 libgcc-s1 libstdc++6 zlib1g liblzma5 \
        libbz2-1.0 libzstd1 liblzo2-2 libsnappy1v5 libexpat1 libffi8 libssl3t64)
    printf 'env PYTHONHOME=%s PYTHONPATH=%s %s %s %s\n' "$root/usr" \
        "$root/usr/lib/python3/dist-packages" "$(own_loader "$root")" \
        "$root/usr/bin/python3.13" "$root/usr/bin/drgn"
)

# own_loader ROOT: the words in front of a program below ROOT that make it use only what is there.
own_loader() {
    local libraries=$1/usr/lib/x86_64-linux-gnu
    printf '%s --library-path %s\n' "$libraries/ld-linux-x86-64.so.2" "$libraries"
}
