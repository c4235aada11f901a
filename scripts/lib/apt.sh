# Downloads from Debian's archive suites that the machine itself does not use: source packages
# for the toolchain, kernels for the virtual machines. Derived from the machine's own apt
# sources, so its mirror and proxy serve here too; /etc/apt is read and never written, nothing
# is installed. Sourced after common.sh.

# apt_origins: the machine's own Debian archives, one "URI/ RELEASE" a line. apt parses its
# sources itself, whichever form they have; a vendor's repository is told by its path.
apt_origins() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk '$3 == "main" && $1 ~ "/debian(-security)?(/[0-9]+T[0-9]+Z)?([.]list)?/?$" &&
             !seen[$1 $2]++ { print $1, $2 }'
}

# apt_origin SUITE: the URI of the machine's archive that carries SUITE.
apt_origin() {
    local suite=$1 uri
    uri=$(apt_origins | awk -v suite="$suite" '
        ($1 ~ /debian-security/) == (suite ~ /-security$/) && !found++ { print $1 }')
    [ -n "$uri" ] || die "apt has no Debian archive for the suite $suite among its sources"
    printf '%s\n' "$uri"
}

# apt_private TYPE SUITE...: makes the private configuration for one type of package (deb or
# deb-src) of these suites; later apt_get calls in this shell use it.
apt_private() {
    local type=$1 suite lines= directory
    shift
    for suite; do
        lines+="$type [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        lines+="$(apt_origin "$suite") $suite main"$'\n'
    done
    directory=$cache/apt-$type-$(sha256sum <<<"$lines" | cut -c1-16)
    mkdir -p "$directory"/{lists,archives}/partial
    printf %s "$lines" >"$directory/sources.list"
    apt_directory=$directory
}

# apt_get ARGUMENT...: apt-get with the private configuration.
apt_get() {
    apt-get -qq -o Dir::Etc::SourceList="$apt_directory/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State::Lists="$apt_directory/lists" \
        -o Dir::Cache="$apt_directory" -o APT::Sandbox::User= \
        -o APT::Update::Post-Invoke-Success::= -o Acquire::Languages=none \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 "$@"
}

# apt_fetch ARGUMENT...: apt_get into the current directory. The lists of an earlier run are
# used while they still lead to the file, so a warm cache needs no update.
apt_fetch() {
    (
        flock 8
        if [ -e "$apt_directory/updated" ]; then
            apt_get "$@" 2>/dev/null && exit
        fi
        rm -f "$apt_directory/updated"
        apt_get update || exit
        touch "$apt_directory/updated"
        apt_get "$@"
    ) 8>"$apt_directory/lock"
}

# apt_source_download NAME VERSION DIRECTORY: the files of a source package, not unpacked.
apt_source_download() { (cd "$3" && apt_fetch source --download-only "$1=$2"); }

# apt_package_download PACKAGE[=VERSION] DIRECTORY: one .deb file; its dependencies stay away.
apt_package_download() { (cd "$2" && apt_fetch download "$1"); }
