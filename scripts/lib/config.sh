# What a configuration file means: targets, kernel arguments, what to pack. Finds the file that
# counts, knows its kind, and owns the arrays below, which the translators fill: config_own.sh
# (/etc/kdump-init.conf), config_fedora.sh (/etc/kdump.conf), config_debian.sh
# (/etc/default/kdump-tools), config_suse.sh (/etc/sysconfig/kdump). Files are read, never run.
# Sourced after common.sh; changes nothing on the machine, needs no root.

for part in values place collector assignments own fedora debian suse; do
    . "$(dirname "${BASH_SOURCE[0]}")/config_$part.sh"
done

# What read_configuration fills.
config_file=""               # the file that counts; "" where there is none
config_kind=""               # own, fedora, debian, suse, or none
config_targets=()            # URLs in order; key= and known_hosts= name files to pack
config_arguments=()          # rd.kdump.* but the targets, and network arguments: to be packed
config_kernel_arguments=()   # of the capture kernel itself: scripts/load --cmdline
config_pack_options=()       # of scripts/mkinitramfs: --shell, --pre FILE, …
config_refused=()            # "FILE:LINE: directive: reason"
config_notes=()              # the same form: understood, but not as its author may think
config_explained=()          # "LINE<tab>directive<tab>what came of it"

# The files that count, in this order, where they exist and mean something.
config_search=(own:/etc/kdump-init.conf fedora:/etc/kdump.conf debian:/etc/default/kdump-tools
    suse:/etc/sysconfig/kdump)

# read_configuration [FILE [KIND]]: without FILE the one of this machine that counts, or what is
# good without any. Status 2, with a message, where FILE cannot be read or its kind is unknown.
read_configuration() {
    local file=${1-} kind=${2-} at=0 words=()
    # Bytes: in another locale read takes a newline for a part of a broken character.
    local LC_ALL=C
    forget_configuration
    if [ -z "$file" ]; then
        read_first_configuration
    else
        [ -r "$file" ] && [ ! -d "$file" ] || { say "$file: cannot be read"; return 2; }
        [ -n "$kind" ] || kind=$(configuration_kind "$file") || return 2
        read_as "$kind" "$file"
    fi
    [ ${#config_targets[@]} -gt 0 ] || [ -n "$target_was_refused" ] || add_default_target
}

read_first_configuration() {
    local entry kind file own_is_there=no found=no
    for entry in "${config_search[@]}"; do
        kind=${entry%%:*} file=${entry#*:}
        [ -r "$file" ] || continue
        read_as "$kind" "$file"
        case $kind in
            own)
                # Its author may leave the target to the file that was there before.
                [ ${#config_targets[@]} = 0 ] && [ -z "$target_was_refused" ] || return 0
                [ ${#config_explained[@]} = 0 ] || own_is_there=yes
                ;;
            *) [ "$config_means_something" = no ] || { found=yes && break; } ;;
        esac
    done
    if [ $found = no ]; then
        forget_configuration
        [ $own_is_there = no ] || read_as own /etc/kdump-init.conf
    elif [ $own_is_there = yes ]; then
        config_notes+=("/etc/kdump-init.conf: names no target, so $config_file counts instead of it")
    fi
}

read_as() {
    forget_configuration
    config_kind=$1 config_file=$2
    "read_$1" "$2"
}

forget_configuration() {
    config_file="" config_kind=none config_means_something=no target_was_refused=""
    config_targets=() config_arguments=() config_kernel_arguments=() config_pack_options=()
    config_refused=() config_notes=() config_explained=()
}

# configuration_kind FILE: by its name, else by the words in it.
configuration_kind() {
    case $1 in
        *kdump-init*.conf) echo own && return ;;
        *kdump.conf) echo fedora && return ;;
        *kdump-tools*) echo debian && return ;;
        */sysconfig/kdump) echo suse && return ;;
    esac
    if grep -Eq '^[[:space:]]*KDUMP_SAVEDIR=' -- "$1"; then
        echo suse
    elif grep -Eq '^[[:space:]]*(USE_KDUMP|KDUMP_COREDIR|MAKEDUMP_ARGS)=' -- "$1"; then
        echo debian
    elif grep -Eq '^[[:space:]]*(path|core_collector|ext[234]|xfs|nfs|ssh|raw)[[:space:]]+[^=[:space:]]' \
        -- "$1"; then
        echo fedora
    elif grep -Eq '^[[:space:]]*[a-z_]+[[:space:]]*=' -- "$1"; then
        echo own
    else
        say "$1: cannot tell whose format this is; say --kind own, fedora, debian or suse"
        return 2
    fi
}

# add_default_target: without a configured target, the file system of /var/crash on this machine.
add_default_target() {
    local problem="${config_file:-no configuration}: no target is named"
    if find_place /var/crash; then
        config_targets=("$place_url")
        config_notes+=("$problem; /var/crash of this machine is taken: $place_url")
    else
        config_refused+=("$problem, and $place_problem")
    fi
}

# -- For the translators. `at` is the number of the line they are at.

# explain NAME RESULT: what came of the directive.
explain() {
    config_means_something=yes
    config_explained+=("$at"$'\t'"$1"$'\t'"$2")
}

# refuse NAME REASON...; note NAME TEXT...: words of one text.
refuse() {
    config_refused+=("$config_file:$at: $1: ${*:2}")
    explain "$1" "refused: ${*:2}"
}
note() { config_notes+=("$config_file:$at: $1: ${*:2}"); }

# add_target NAME URL: once.
add_target() {
    [[ " ${config_targets[*]-} " == *" $2 "* ]] || config_targets+=("$2")
    explain "$1" "rd.kdump.target=$2"
}

# refuse_target NAME REASON: also means that no other place is taken instead.
refuse_target() {
    target_was_refused=yes
    refuse "$@"
}

# set_argument NAME KEY VALUE: rd.kdump.KEY=VALUE, the last one of a key counts; refused where the
# capture would not take the value.
set_argument() {
    local reason i
    reason=$(value_problem "$2" "$3")
    if [ -n "$reason" ]; then
        refuse "$1" "$(printable "$3"): $reason"
        return
    fi
    for i in "${!config_arguments[@]}"; do
        [[ ${config_arguments[i]} != "rd.kdump.$2="* ]] || unset "config_arguments[$i]"
    done
    config_arguments=("${config_arguments[@]}" "rd.kdump.$2=$3")
    explain "$1" "rd.kdump.$2=$3"
}

# pack_option NAME OPTION [VALUE]
pack_option() {
    config_pack_options+=("${@:2}")
    explain "$1" "mkinitramfs ${*:2}"
}

# pack_shell NAME: once.
pack_shell() {
    [[ " ${config_pack_options[*]-} " == *" --shell "* ]] || config_pack_options+=(--shell)
    explain "$1" "mkinitramfs --shell"
}
