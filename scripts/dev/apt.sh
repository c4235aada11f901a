# Downloads from Debian's archive suites that the machine itself does not use: source packages
# for the toolchain, kernels for the virtual machines. Derived from the machine's own apt
# sources, so its mirror and proxy serve here too; /etc/apt is read and never written, nothing
# is installed. Sourced after common.sh.

# apt_origins: the machine's own Debian archives, one "URI/ RELEASE" a line. apt parses its
# sources itself, whichever form they have; a vendor's repository is recognised by its path.
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

# The private configuration of this shell; without one, apt is the machine's own.
apt_options=() apt_directory=""

# apt_private TYPE[:ARCHITECTURE] SUITE...: makes the private configuration for one type of
# package (deb or deb-src) of these suites; later apt calls in this shell use it. Of what the
# machine has installed it knows nothing.
apt_private() {
    local type=${1%%:*} architecture=${1#*:} suite lines='' directory options
    [[ $1 == *:* ]] || architecture=""
    options="${architecture:+arch=$architecture }signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
    shift
    for suite; do
        lines+="$type [$options] $(apt_origin "$suite") $suite main"$'\n'
    done
    directory=$cache/apt-$type-$(sha256sum <<<"$lines" | cut -c1-16)
    mkdir -p "$directory"/{lists,archives}/partial
    printf %s "$lines" >"$directory/sources.list"
    apt_directory=$directory
    apt_options=(-o Dir::Etc::SourceList="$directory/sources.list"
        -o Dir::Etc::SourceParts=/dev/null
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
        -o Dir::State::Lists="$directory/lists" -o Dir::State::status=/dev/null
        -o Dir::Cache="$directory"
        -o APT::Update::Post-Invoke-Success::= -o Acquire::Languages=none)
    [ -z "$architecture" ] || apt_options+=(-o APT::Architecture="$architecture"
        -o APT::Architectures="$architecture")
}

# apt_get ARGUMENT...: as root, for apt's own user may not write where we download to.
apt_get() {
    apt-get -qq "${apt_options[@]}" -o APT::Sandbox::User=root \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 "$@"
}

apt_cache() { apt-cache "${apt_options[@]}" "$@"; }

# apt_refresh: the private package lists, at most a day old: a package's newest version is what
# they say. A machine without a network goes on with those that it has.
apt_refresh() {
    (
        flock 8
        [ -z "$(find "$apt_directory/updated" -mtime -1 2>/dev/null)" ] || exit 0
        if apt_get -o APT::Update::Error-Mode=any update; then
            touch "$apt_directory/updated"
        elif [ ! -e "$apt_directory/updated" ]; then
            die "no package lists for $(<"$apt_directory/sources.list")"
        fi
    ) 8>"$apt_directory/lock"
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
