# An initramfs from a directory, and the kernel modules in it. Sourced after common.sh.
# The list etc/kdump-init/modules that add_modules writes is what kdump-init reads: one path a
# line in load order, parameters behind it.

# require_modules_of ROOT VERSION: ends the script if there are none.
require_modules_of() {
    local root=${1%/} found
    [ ! -e "$root/lib/modules/$2/modules.dep" ] || return 0
    found=$(ls "$root/lib/modules" 2>/dev/null | tr '\n' ' ') || :
    die "no modules of kernel $2 in $root/lib/modules (there: ${found:-nothing})"
}

# elf_architecture FILE: x86_64 or aarch64, by e_machine.
elf_architecture() {
    local machine
    machine=$(od -An -tu2 -j18 -N2 -- "$1")
    case $((machine)) in
        62) printf 'x86_64\n' ;;
        183) printf 'aarch64\n' ;;
        *) die "$1: neither x86_64 nor aarch64 (e_machine $((machine)))" ;;
    esac
}

# has_module ROOT VERSION MODULE_OR_ALIAS
has_module() { modprobe -C /dev/null -d "$1" -S "$2" --show-depends "$3" >/dev/null 2>&1; }

# add_modules INTO ROOT VERSION MODULE...: copies the modules and all they depend on from the
# kernel under ROOT into the tree INTO, decompressed (PID 1 has no decompressor), and writes
# the list. Modules that are built into the kernel need nothing.
add_modules() {
    local into=$1 root=$2 version=$3 module shown word path rest plain
    shift 3
    mkdir -p "$into/etc/kdump-init"
    : >"$into/etc/kdump-init/modules"
    for module; do
        # /dev/null: this machine's /etc/modprobe.d speaks of this machine's kernel.
        shown=$(modprobe -C /dev/null -d "$root" -S "$version" --show-depends "$module" 2>&1) ||
            die "module $module of kernel $version: $shown"
        while read -r word path rest; do
            [ "$word" = insmod ] || continue  # "builtin NAME"
            path=${path#"$root"}
            path=${path#/}
            plain=${path%.xz} plain=${plain%.zst} plain=${plain%.gz}
            grep -qxF -- "$plain${rest:+ $rest}" "$into/etc/kdump-init/modules" && continue
            mkdir -p "$into/${plain%/*}"
            case $path in
                *.xz) xz -dc "$root/$path" >"$into/$plain" ;;
                *.zst) zstd -qdc "$root/$path" >"$into/$plain" ;;
                *.gz) gzip -dc "$root/$path" >"$into/$plain" ;;
                *) cp "$root/$path" "$into/$plain" ;;
            esac
            printf '%s\n' "$plain${rest:+ $rest}" >>"$into/etc/kdump-init/modules"
        done <<<"$shown"
    done
}

# add_firmware INTO ROOT: what the drivers in the tree INTO load into their devices, as far as it is
# under ROOT, in the form in which it lies there. A driver names the files of every device it knows:
# only where none of them is there something may be missing.
add_firmware() {
    local into=$1 root=${2%/} module names name file found
    while read -r module _; do
        names=$(modinfo -F firmware "$into/$module")
        found=no
        for name in $names; do
            for file in "$root/lib/firmware/$name"{,.xz,.zst}; do
                [ -r "$file" ] || continue
                found=yes
                install -D -m 644 "$file" "$into/${file#"$root/"}"
            done
        done
        [ -z "$names" ] || [ $found = yes ] ||
            say "${module##*/} may load firmware, and $root/lib/firmware has none of it:" \
                "$(head -n 3 <<<"$names" | tr '\n' ' ')"
    done <"$into/etc/kdump-init/modules"
}

# add_program TREE FILE: into its /bin, with the libraries it needs, from this machine.
add_program() {
    mkdir -p "$1/bin"
    cp -L "$2" "$1/bin/"
    add_libraries "$1" "$2"
}

# add_libraries TREE FILE: those of this machine that the program is linked with.
add_libraries() {
    local tree=$1 file
    while read -r file; do
        mkdir -p "$tree${file%/*}"
        cp -L "$file" "$tree$file"
    done < <(ldd "$2" 2>/dev/null | grep -o '/[^ )]*')
}

# pack_initramfs TREE FILE [ZSTD_LEVEL]: the same tree always gives the same bytes: names
# sorted, times and owners zero, inode numbers from 1. A kernel takes the whole window of zstd,
# 8 MiB at level 19, from its memory while it unpacks: 512 KiB are enough.
pack_initramfs() {
    local tree=$1 file=$2 level=${3:-19}
    find "$tree" -exec touch -h -d @0 {} +
    (cd "$tree" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
        cpio --quiet --null -o -H newc --reproducible -R 0:0 | zstd -q "-$level" --zstd=wlog=19) >"$file"
}
