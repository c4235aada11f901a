# The toolchain's sources: fetched, checked against toolchain/sources, unpacked with Debian's
# patches. Knows no compiler. Sourced after common.sh and apt.sh.

pins=$top/toolchain/sources

# Of LLVM's 1.5 GB only the run-time libraries and the build files they include.
llvm_paths=(cmake runtimes libcxx libcxxabi llvm/cmake compiler-rt/cmake compiler-rt/lib/builtins)

# pins_of PACKAGE...: their rows of toolchain/sources.
pins_of() {
    local package
    for package; do
        grep -- "^$package " "$pins" || die "$pins has no row for $package"
    done
}

# versions_of PACKAGE...: of Debian's installed packages, to name a cache entry by.
versions_of() { dpkg-query -W -f '${Package} ${Version}\n' "$@"; }

# source_archive PACKAGE: prints the path of a packed tree, patched and reduced to what is used.
source_archive() {
    local package=$1 key entry
    key=$(hash_of "$top/toolchain/sources.sh" <(pins_of "$package"))
    entry=$(checked_cached "source-$package-$key" make_source_archive "$package")
    printf '%s\n' "$entry/tree.tar.xz"
}

# source_tree PACKAGE DIRECTORY: unpacks the tree into a new DIRECTORY.
source_tree() {
    local archive
    archive=$(source_archive "$1")
    mkdir -p "$2"
    tar -xJf "$archive" -C "$2"
}

make_source_archive() {
    local package=$1 into=$2 tree=$2/tree
    step "source of $package: fetch" fetch_source "$package" "$into/files"
    case $package in
        llvm-toolchain-19)
            step "source of $package: unpack" unpack_llvm "$into/files" "$tree" ;;
        *)
            step "source of $package: unpack" \
                dpkg-source --no-check --no-copy -x "$into/files/"*.dsc "$tree" ;;
    esac
    tar -C "$tree" --sort=name --owner=0 --group=0 -cf - . | xz -T0 -1 >"$into/tree.tar.xz"
    rm -rf "$tree" "$into/files"
}

# fetch_source PACKAGE DIRECTORY: all pinned files, every one with its pinned hash.
fetch_source() {
    local package=$1 directory=$2 version file sha256 fetched=
    mkdir -p "$directory"
    while read -r _ version file sha256; do
        if [ -n "${KDUMP_INIT_SOURCES:-}" ] && [ -e "$KDUMP_INIT_SOURCES/$file" ]; then
            cp "$KDUMP_INIT_SOURCES/$file" "$directory/"
        elif [ -z "$fetched" ]; then
            apt_private deb-src bookworm trixie
            apt_source_download "$package" "$version" "$directory" ||
                say "the archive does not give $package $version"
            fetched=yes
        fi
        [ -e "$directory/$file" ] || die "$package $version is pinned in $pins, but" \
            "$file is not available: put it (SHA-256 $sha256) into a directory and" \
            "name that directory in KDUMP_INIT_SOURCES"
        sha256sum --quiet --check <<<"$sha256  $directory/$file" ||
            die "$file differs from the hash pinned in $pins"
    done < <(pins_of "$package")
}

# unpack_llvm FILES TREE: dpkg-source would unpack all of it; this takes llvm_paths, less their
# tests, and the parts of Debian's patches that touch them.
unpack_llvm() {
    local files=$1 tree=$2 original top_directory patch include
    original=$(echo "$files"/*.orig.tar.xz)
    top_directory=$(basename "$original" .orig.tar.xz)
    mkdir -p "$tree"
    tar -xJf "$original" -C "$tree" --strip-components=1 --exclude='*/test' \
        "${llvm_paths[@]/#/$top_directory/}"
    include=("${llvm_paths[@]/%//*}")
    tar -xJf "$files"/*.debian.tar.xz -C "$tree" debian/patches
    while read -r patch _; do
        [[ -z $patch || $patch = \#* ]] && continue
        filterdiff --strip-match=1 "${include[@]/#/--include=}" --exclude='*/test/*' \
            "$tree/debian/patches/$patch"
    done <"$tree/debian/patches/series" >"$files/patches"
    patch -d "$tree" -p1 --fuzz=0 --batch --silent --no-backup-if-mismatch <"$files/patches"
    rm -rf "$tree/debian"
}
