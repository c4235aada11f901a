# Kernels and tools out of Debian's packages, unpacked into the cache and never installed:
# the machine that builds and tests keeps its own kernel, and one kernel stands beside another.
# Sourced after common.sh. Which suites apt knows is not decided here.

# unpacked PACKAGE...: prints a directory with the packages' newest versions unpacked into it.
unpacked() {
    local pins key
    pins=$(candidates "$@")
    key=$(sha256sum <<<"$pins" | cut -c1-16)
    # shellcheck disable=SC2086  # one word a package
    cached "packages-$1-$key" fetch_and_unpack $pins
}

# candidates PACKAGE...: PACKAGE=VERSION a line, the versions that apt would install.
candidates() {
    local found
    if ! found=$(known_candidates "$@"); then
        # A fresh machine has no package lists yet.
        as_root apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update
        found=$(known_candidates "$@") || die "apt does not know every one of: $*"
    fi
    printf '%s\n' "$found"
}

known_candidates() {
    apt-cache policy "$@" | awk -v wanted="$#" '
        /^[^ ]/ { name = $1; sub(/:$/, "", name) }
        $1 == "Candidate:" && $2 != "(none)" { print name "=" $2; n++ }
        END { exit n != wanted }'
}

fetch_and_unpack() {
    local into=${!#} pin deb
    for pin in "${@:1:$#-1}"; do
        say "fetching ${pin%%=*} ${pin#*=}"
        # As root: apt's own user may not write where we download to.
        (cd "$into" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download "$pin")
    done
    for deb in "$into"/*.deb; do
        dpkg -x "$deb" "$into"
        rm -- "$deb"
    done
}

# debian_kernel: prints a directory that holds Debian's newest kernel for this release
# (boot/vmlinuz-VERSION, lib/modules/VERSION with modules.dep).
debian_kernel() {
    local meta image pin
    meta=$(candidates linux-image-amd64)
    image=$(apt-cache show "$meta" | sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p')
    [ -n "$image" ] || die "apt does not say which kernel $meta stands for"
    pin=$(candidates "$image")
    cached "kernel-${pin/=/-}" unpack_kernel "$pin"
}

unpack_kernel() {
    local into=$2
    need_packages kmod
    fetch_and_unpack "$@"
    [ -e "$into/lib" ] || ln -s usr/lib "$into/lib"
    rm -rf "${into:?}/usr/share"  # documentation
    depmod -b "$into" "$(kernel_version "$into")"
}

# kernel_version ROOT: the one version whose modules ROOT holds.
kernel_version() {
    local versions=("$1"/lib/modules/*)
    [ ${#versions[@]} = 1 ] && [ -d "${versions[0]}" ] ||
        die "$1/lib/modules: expected one kernel, found ${#versions[@]}"
    printf '%s\n' "${versions[0]##*/}"
}

# kernel_image ROOT: its vmlinuz, wherever the package puts it.
kernel_image() {
    local version image
    version=$(kernel_version "$1")
    for image in "$1/boot/vmlinuz-$version" "$1/lib/modules/$version/vmlinuz"; do
        if [ -e "$image" ]; then
            printf '%s\n' "$image"
            return
        fi
    done
    die "$1: no vmlinuz for $version"
}
