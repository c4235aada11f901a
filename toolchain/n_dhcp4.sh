# The sources of n-dhcp4, the DHCP client that is compiled into the program
# (docs/decisions/0005-dhcp.md): fetched once, checked, with our one patch. CMake compiles them for
# every preset with its own compiler and sanitizers. Sourced after sources.sh.

# unpack FILES INTO: of NetworkManager's tree, which bundles n-dhcp4, 1 %. None of Debian's
# patches touches it: if one ever does, the pinned version has changed, and this says so.
unpack_n_dhcp4() {
    local files=$1 into=$2 touched
    tar -xjf "$files"/*.orig.tar.bz2 -C "$into" --strip-components=2 --wildcards \
        '*/src/n-dhcp4/src' '*/src/n-dhcp4/AUTHORS' '*/src/c-list/src' '*/src/c-siphash/src' \
        '*/src/c-stdaux/src'
    touched=$(tar -xJOf "$files"/*.debian.tar.xz --wildcards 'debian/patches/*' |
        grep -E '^\+\+\+ .*src/(n-dhcp4|c-list|c-siphash|c-stdaux)/' || true)
    [ -z "$touched" ] || die "Debian patches n-dhcp4, which toolchain/n_dhcp4.sh does not apply: $touched"
    patch -d "$into" -p1 --fuzz=0 --batch --silent --no-backup-if-mismatch <"$top/toolchain/n-dhcp4.patch"
}

make_n_dhcp4() {
    local into=$1
    step "n-dhcp4: fetch" fetch_source network-manager "$into/files"
    step "n-dhcp4: unpack" unpack_n_dhcp4 "$into/files" "$into"
    rm -rf "$into/files"
}

# n_dhcp4_sources: prints the directory with the sources.
n_dhcp4_sources() {
    local key
    key=$(hash_of "$top"/toolchain/{n_dhcp4.sh,n-dhcp4.patch} <(pins_of network-manager))
    checked_cached "n-dhcp4-$key" make_n_dhcp4
}
