# Shared by every script here: where things lie, messages, the cache directory, what must be
# installed. Sourced, never run. Owns no policy: the caller decides what to install or cache.
#
# The scripts that pack and load run from a checkout (scripts/) and where they are installed
# (PREFIX/lib/kdump-init/, with the program in PREFIX/sbin). Only a checkout installs packages. A
# command that the program became (init/cli/command_script.cc) finds it in KDUMP_INIT_PROGRAM.

set -euo pipefail
shopt -s inherit_errexit

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -e "$scripts/../CMakeLists.txt" ]; then
    top=${scripts%/*} installed=no
    program=${KDUMP_INIT_PROGRAM:-$top/build/kdump-init}
    setup_program=${KDUMP_INIT_SETUP:-$top/build/kdump-init-setup}
else
    installed=yes
    program=${KDUMP_INIT_PROGRAM:-$(realpath -m "$scripts/../../sbin/kdump-init")}
    setup_program=${KDUMP_INIT_SETUP:-$scripts/kdump-init-setup}
fi

# Everything that is slow to make and depends only on its inputs lies here, outside the
# checkout, in directories named NAME-HASH_OF_INPUTS. It may be deleted at any time.
cache=${KDUMP_INIT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kdump-init}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# need_packages PACKAGE...: installs those of Debian's packages that are missing.
need_packages() {
    local package missing=()
    for package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    say "installing ${missing[*]}"
    as_root apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 \
        -o Acquire::Retries=3 install --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install ${missing[*]}"
}

# need_commands COMMAND=PACKAGE...: what a script that may be installed runs. In a checkout a missing
# one is installed; on an installed system that is the administrator's to decide.
need_commands() {
    local pair missing=()
    for pair; do
        command -v "${pair%%=*}" >/dev/null || missing+=("$pair")
    done
    [ ${#missing[@]} = 0 ] && return
    [ $installed = no ] || die "there is no command ${missing[0]%%=*}; Debian's packages with what" \
        "is missing: ${missing[*]#*=}"
    need_packages "${missing[@]#*=}"
}

# hash_of FILE...: one hash of the contents, to name a cache entry by its inputs.
hash_of() { cat -- "$@" | sha256sum | cut -c1-16; }

# cached NAME COMMAND...: prints the directory $cache/NAME. If it is not there, COMMAND makes
# it: it gets the directory to fill as its last argument, and only a complete one is ever
# moved into place, so an interrupted run leaves nothing that a later one would trust.
# Call it as entry=$(cached …), never before || or &&: there bash ignores COMMAND's failures.
cached() {
    local name=$1 entry=$cache/$1 half
    shift
    mkdir -p "$cache"
    (
        flock 9
        if [ ! -e "$entry/.complete" ]; then
            rm -rf "$entry"
            half=$(mktemp -d "$cache/.$name.XXXXXX")
            trap 'rm -rf "$half"' EXIT
            "$@" "$half" >&2
            chmod 755 "$half"
            touch "$half/.complete"
            mv -T "$half" "$entry"
            trap - EXIT
        fi
    ) 9>"$cache/.$name.lock"
    printf '%s\n' "$entry"
}
