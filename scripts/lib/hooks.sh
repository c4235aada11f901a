# The administrator's executables in the image, run before and after the dump (init/pid1/hooks.h), with
# what they need to run: an interpreter, its libraries. Sourced after common.sh, initramfs.sh and
# shell.sh.

hook_directory=etc/kdump-init/hooks

# add_hook TREE WHEN FILE: WHEN is pre or post. They run in the order in which they are added.
add_hook() {
    local tree=$1 when=$2 file=$3 into name number words=()
    [ -f "$file" ] && [ -x "$file" ] || die "--$when: $file is no file that can be run"
    into=$tree/$hook_directory/$when
    install -d -m 700 "$into"
    number=$(find "$into" -type f | wc -l)
    name=$(basename -- "$file")
    install -m 700 "$file" "$into/$(printf %02d "$number")-${name//[^A-Za-z0-9._-]/_}"
    if [ "$(head -c 2 -- "$file" | tr -d '\0')" = '#!' ]; then
        read -ra words < <(head -n 1 -- "$file" | cut -c3-)
        [ ${#words[@]} -gt 0 ] || die "--$when: $file names no interpreter"
        add_interpreter "$tree" "${words[@]}"
    else
        add_libraries "$tree" "$file"
    fi
}

# add_interpreter TREE PROGRAM [ARGUMENT...]: sh is busybox's, in whose programs a hook then finds the
# usual commands; another is this machine's own. Where env(1) looks for it, it is put where it lies.
add_interpreter() {
    local tree=$1 program=$2 found
    case $program in
        /bin/sh | /usr/bin/sh | /bin/dash | /usr/bin/dash | /bin/ash)
            add_busybox "$tree" /usr/lib/kdump-init
            # The link leads nowhere on this machine.
            [ -e "$tree$program" ] || [ -L "$tree$program" ] || {
                mkdir -p "$tree${program%/*}"
                ln -s /usr/lib/kdump-init/busybox "$tree$program"
            }
            return
            ;;
        */env)
            add_program_at "$tree" "$program"
            [ "${3-}" != -S ] || shift
            found=$(command -v -- "${3-}") || die "interpreter '${3-}' is not on this machine"
            program=$found
            ;;
    esac
    add_program_at "$tree" "$program"
}

# add_program_at TREE FILE: where it lies here, with its libraries.
add_program_at() {
    [ -x "$2" ] || die "$2, which a hook needs, is not on this machine"
    mkdir -p "$1${2%/*}"
    cp -L "$2" "$1$2"
    add_libraries "$1" "$2"
}

# add_busybox TREE DIRECTORY: only /bin/busybox is a rescue shell; one for hooks alone lies elsewhere.
add_busybox() {
    local file
    [ ! -e "$1$2/busybox" ] || return 0
    file=$(static_busybox "$architecture")
    install -D -m 755 "$file" "$1$2/busybox"
}
