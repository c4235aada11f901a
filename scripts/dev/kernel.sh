# Kernels and tools out of Debian's packages, unpacked into the cache and never installed:
# the machine that builds and tests keeps its own kernel, and one kernel stands beside another.
# Sourced after common.sh. Which suites apt knows is apt.sh's: the machine's own, or those of a
# private configuration.

. "$top/scripts/dev/apt.sh"

# unpacked PACKAGE...: prints a directory with the packages' newest versions unpacked into it.
unpacked() {
    local pins key
    pins=$(candidates "$@")
    key=$(sha256sum <<<"$pins${apt_directory##*/}" | cut -c1-16)
    # shellcheck disable=SC2086  # one word a package
    cached "packages-$1-$key" fetch_and_unpack $pins
}

# unpacked_for ARCHITECTURE PACKAGE...: those of Debian's architecture, of trixie where it is not
# this machine's own, of which its apt knows nothing.
unpacked_for() (
    [ "$1" = "$(dpkg --print-architecture)" ] || apt_private "deb:$1" trixie
    unpacked "${@:2}"
)

# debian_architecture MACHINE: Debian's name of what `uname -m` says.
debian_architecture() {
    case $1 in
        x86_64) printf 'amd64\n' ;;
        aarch64) printf 'arm64\n' ;;
        *) die "no Debian architecture for '$1'" ;;
    esac
}

# candidates PACKAGE...: PACKAGE=VERSION a line, the versions that apt would install.
candidates() {
    local found
    [ -z "$apt_directory" ] || apt_refresh
    if ! found=$(known_candidates "$@"); then
        # A fresh machine has no package lists yet.
        [ -n "$apt_directory" ] || as_root apt-get -qq -o DPkg::Lock::Timeout=600 \
            -o Acquire::Retries=3 update
        found=$(known_candidates "$@") || die "apt does not know every one of: $*"
    fi
    printf '%s\n' "$found"
}

known_candidates() {
    apt_cache policy "$@" | awk -v wanted="$#" '
        /^[^ ]/ { name = $1; sub(/:$/, "", name) }
        $1 == "Candidate:" && $2 != "(none)" { print name "=" $2; n++ }
        END { exit n != wanted }'
}

fetch_and_unpack() {
    local into=${!#} pin deb directory
    for pin in "${@:1:$#-1}"; do
        say "fetching ${pin%%=*} ${pin#*=}"
        # What the archive no longer has may have a successor: ask it anew next time.
        (cd "$into" && apt_get download "$pin") || {
            [ -z "$apt_directory" ] || rm -f "$apt_directory/updated"
            die "${pin/=/ } cannot be fetched"
        }
    done
    for deb in "$into"/*.deb; do
        dpkg -x "$deb" "$into"
        rm -- "$deb"
    done
    # From trixie on packages have everything below usr/ and leave these links to the system.
    for directory in bin sbin lib; do
        [ -e "$into/$directory" ] || [ ! -e "$into/usr/$directory" ] ||
            ln -s "usr/$directory" "$into/$directory"
    done
}

# debian_kernel [FLAVOUR [SUITE [SERIES]]]: prints a directory that holds Debian's newest kernel
# of that flavour (amd64, cloud-amd64, arm64, arm64-16k, …) in that suite, without one of this
# machine's release; with SERIES (6.18) the newest of that. It has its vmlinuz where the packages
# have it, and lib/modules/VERSION with modules.dep. The body is a subshell: the private
# configuration ends with it.
debian_kernel() (
    flavour=${1-amd64}
    [ -z "${2-}" ] || apt_private "deb:$(flavour_architecture "$flavour")" "$2"
    image=$(chosen_image "$@")
    unpacked_kernel "$flavour" "$image"
)

# kernel_pin [FLAVOUR [SUITE [SERIES]]]: PACKAGE=VERSION of debian_kernel's, without fetching it.
kernel_pin() (
    [ -z "${2-}" ] || apt_private "deb:$(flavour_architecture "${1-amd64}")" "$2"
    image=$(chosen_image "$@")
    candidates "$image"
)

# chosen_image [FLAVOUR [SUITE [SERIES]]]: the package; apt knows the suite already.
chosen_image() {
    local flavour=${1-amd64} suite=${2-} series=${3-} image
    if [ -n "$series" ]; then
        apt_refresh
        image=$(kernel_images "$flavour" | grep "^linux-image-${series}[.]" | tail -n 1) || :
    else
        image=$(newest_kernel_image "$flavour")
    fi
    [ -n "$image" ] || die "no package linux-image of $flavour ${series:-in ${suite:-this release}}"
    printf '%s\n' "$image"
}

# other_kernel_series FLAVOUR SUITE: the series (6.18) that the suite has besides its newest
# kernel's, a line each.
other_kernel_series() (
    apt_private "deb:$(flavour_architecture "$1")" "$2"
    newest=$(newest_kernel_image "$1" | kernel_series_of)
    kernel_images "$1" | kernel_series_of | uniq | grep -vxF "$newest" || :
)

newest_kernel_image() { depends_of "$(candidates "linux-image-$1")" 'linux-image-[0-9]'; }

# kernel_images FLAVOUR: the suite's packages with a kernel, from the oldest to the newest.
kernel_images() {
    apt_cache pkgnames linux-image- | grep -E "^linux-image-[0-9.]+[^-]*(-[0-9]+)?-$1\$" | sort -V
}

kernel_series_of() { sed -E 's/^linux-image-([0-9]+[.][0-9]+).*/\1/'; }

# unpacked_kernel FLAVOUR IMAGE_PACKAGE: from 6.18 on a kernel is several packages, which its
# image depends on.
unpacked_kernel() {
    local architecture pin parts pins
    architecture=$(flavour_architecture "$1")
    pin=$(candidates "$2")
    parts=$(depends_of "$pin" 'linux-(base|binary|modules)-[0-9]')
    # shellcheck disable=SC2086  # one word a package
    pins=$(candidates "$2" $parts)
    # shellcheck disable=SC2086
    cached "kernel-$architecture-${pin/=/-}" unpack_kernel "$architecture" $pins
}

# depends_of PACKAGE=VERSION PATTERN: the packages it depends on whose names begin so.
depends_of() {
    apt_cache show "$1" | sed -n 's/^Depends: //p' | head -n 1 | tr -s ', |' '\n' |
        grep -E "^$2" || :
}

flavour_architecture() {
    case $1 in
        *arm64*) printf 'arm64\n' ;;
        *) printf 'amd64\n' ;;
    esac
}

unpack_kernel() {
    local architecture=$1 into=${!#}
    shift
    need_packages kmod
    fetch_and_unpack "$@"
    rm -rf "${into:?}/usr/share"  # documentation
    depmod -b "$into" "$(kernel_version "$into")"
    printf '%s\n' "$architecture" >"$into/architecture"
}

# kernel_architecture ROOT: Debian's name of it.
kernel_architecture() { cat "$1/architecture"; }

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
