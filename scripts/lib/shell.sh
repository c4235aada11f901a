# The rescue shell of a capture image: busybox, which must need no library there. Sourced after
# common.sh and initramfs.sh.

# static_busybox ARCHITECTURE: prints the path of one for that machine (uname -m). Installed, it is
# this system's own; a checkout unpacks Debian's, for either architecture.
static_busybox() (
    if [ "$installed" = no ]; then
        . "$scripts/dev/kernel.sh"
        directory=$(unpacked_for "$(debian_architecture "$1")" busybox-static)
        printf '%s\n' "$directory/bin/busybox"
        return
    fi
    file=$(command -v busybox) || die "--shell packs busybox: install busybox-static"
    of=$(elf_architecture "$file")
    [ "$of" = "$1" ] || die "--shell: $file is for $of, the image is for $1"
    ! has_interpreter "$file" || die "--shell: $file needs shared libraries; install busybox-static"
    printf '%s\n' "$file"
)

# has_interpreter FILE: whether an ELF program (64-bit, of this machine's byte order) has a
# PT_INTERP segment.
has_interpreter() {
    local at size count
    at=$(od -An -tu8 -j32 -N8 -- "$1")
    read -r size count < <(od -An -tu2 -j54 -N4 -- "$1")
    od -An -v -tu4 -w"$size" -j"$((at))" -N"$((size * count))" -- "$1" |
        awk '$1 == 3 { found = 1 } END { exit !found }'
}
